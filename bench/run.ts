import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { capacity } from './capacity.ts';
import { coldStart } from './coldStart.ts';
import { cost } from './cost.ts';
import { localStack } from './localStack.ts';
import { login } from './login.ts';
import { printReport, type Report, save, writePage } from './report.ts';
import { scale } from './scale.ts';

/** In the order of the page. */
const parts: Record<string, () => Promise<Report>> = { login, coldStart, capacity, scale, cost, localStack };

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in parts));
if (unknown.length > 0)
  throw new Error(`There is no ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.`);

const [only] = asked;
if (only && asked.length === 1) {
  const report = await (parts[only] as () => Promise<Report>)();
  printReport(report);
  await save(only, report);
  writePage(Object.keys(parts));
  // What still waits for an answer is of no use any more.
  process.exit();
}
// Each has a process of its own: what one has loaded, kept and opened is not the next one's.
for (const name of asked.length > 0 ? asked : Object.keys(parts)) {
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
