import { parseArgs } from 'node:util';
import type { Key } from '../lib/repositories/keys.ts';
import { total, verifyNext, verifyWallet } from '../lib/wallet/verify.ts';
import { explain, useStage } from '../local/stage.ts';

const options = { stage: { type: 'string' }, region: { type: 'string' }, customer: { type: 'string' } } as const;

/** Checks one wallet or all of them, and exits with 1 when something is wrong. */
async function run(): Promise<void> {
  const { values } = parseArgs({ options });
  const stage = useStage(values);
  const { wallets, entries, findings } = values.customer
    ? await verifyWallet(Number(values.customer))
    : await verifyAll();
  for (const { customerId, problem, entryId } of findings) {
    print(`customer ${customerId}: ${problem}${entryId === null ? '' : `, entry ${entryId}`}`);
  }
  print(`${wallets} wallets with ${entries} entries checked in the stage ${stage}: ${findings.length} problems.`);
  if (findings.length > 0) process.exitCode = 1;
}

async function verifyAll() {
  const reports = [];
  let next: Key | undefined;
  do {
    const report = await verifyNext(next);
    reports.push(report);
    next = report.next;
  } while (next);
  return total(reports);
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
