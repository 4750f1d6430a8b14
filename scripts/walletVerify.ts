import { parseArgs } from 'node:util';
import type { Key } from '../lib/repositories/keys.ts';
import { type Finding, type Report, verifyNext, verifyWallet } from '../lib/wallet/verify.ts';
import { SetupError } from '../local/stack.ts';
import { explain, useStage } from '../local/stage.ts';

const options = { stage: { type: 'string' }, region: { type: 'string' }, customer: { type: 'string' } } as const;

/** Checks one wallet or all of them, and exits with 1 when something is wrong. */
async function run(): Promise<void> {
  const { values } = parseArgs({ options });
  const { customer } = values;
  if (customer !== undefined && !/^[1-9]\d{0,15}$/.test(customer))
    throw new SetupError('--customer needs the id of a customer.');
  const stage = useStage(values);
  const [checked, findings] = [{ wallets: 0, entries: 0 }, [] as Finding[]];
  for await (const report of customer ? [await verifyWallet(Number(customer))] : parts()) {
    checked.wallets += report.wallets;
    checked.entries += report.entries;
    findings.push(...report.findings);
    for (const { customerId, problem, entryId } of report.findings) {
      print(`customer ${customerId}: ${problem}${entryId === null ? '' : `, entry ${entryId}`}`);
    }
  }
  const { wallets, entries } = checked;
  print(`${wallets} wallets with ${entries} entries checked in the stage ${stage}: ${findings.length} problems.`);
  if (findings.length > 0) process.exitCode = 1;
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

try {
  await run();
} catch (error) {
  const sentence = explain(error);
  if (!sentence) throw error;
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}
