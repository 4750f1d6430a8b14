import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { capacity } from './capacity.ts';
import { coldStart } from './coldStart.ts';
import { cost } from './cost.ts';
import { localStack } from './localStack.ts';
import { login } from './login.ts';
import { printReport, type Report, save, writePage } from './report.ts';
import { scale } from './scale.ts';

/** The parts in the order of the page. */
const parts: Record<string, () => Promise<Report>> = { login, coldStart, capacity, scale, cost, localStack };

const requestedParts = process.argv.slice(2);
const unknown = requestedParts.filter((name) => !(name in parts));
if (unknown.length > 0)
  throw new Error(`There is no ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.`);

const [only] = requestedParts;
if (only && requestedParts.length === 1) {
  const report = await (parts[only] as () => Promise<Report>)();
  printReport(report);
  await save(only, report);
  writePage(Object.keys(parts));
  // Ends the process even if requests are pending.
  process.exit();
}
// Each part has its own process, without the modules, caches and connections of the last one.
for (const name of requestedParts.length > 0 ? requestedParts : Object.keys(parts)) {
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), name], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
