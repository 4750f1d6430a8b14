import { parseArgs } from 'node:util';
import type { Key } from '../lib/table/keys.ts';
import { type Report, verifyNext, verifyWallet } from '../lib/wallet/audit.ts';
import { SetupError } from '../local/setupError.ts';
import { runCommand, useStage } from '../local/stage.ts';

const options = { stage: { type: 'string' }, region: { type: 'string' }, customer: { type: 'string' } } as const;

/** Checks one wallet or all of them, and exits with 1 when something is wrong. */
async function run(): Promise<void> {
  const { values } = parseArgs({ options });
  const { customer } = values;
  if (customer !== undefined && !/^[1-9]\d{0,15}$/.test(customer))
    throw new SetupError('--customer needs the id of a customer.');
  const stage = await useStage(values);
  let [wallets, entries, problems] = [0, 0, 0];
  for await (const report of customer ? [await verifyWallet(Number(customer))] : parts()) {
    wallets += report.wallets;
    entries += report.entries;
    problems += report.findings.length;
    for (const { customerId, problem, entryId } of report.findings) {
      print(`customer ${customerId}: ${problem}${entryId === null ? '' : `, entry ${entryId}`}`);
    }
  }
  print(`${wallets} wallets with ${entries} entries checked in the stage ${stage}: ${problems} problems.`);
  if (problems > 0) process.exitCode = 1;
}

async function* parts(): AsyncGenerator<Report> {
  let next: Key | undefined;
  do {
    const report = await verifyNext(next);
    yield report;
    next = report.next;
  } while (next);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await runCommand(run);
