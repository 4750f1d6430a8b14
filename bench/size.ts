import { bundleFunctions } from '../deploy/bundle.ts';
import { readRoutes } from '../lib/openapi/routes.ts';

const budgetBytes = { read: 300_000, other: 400_000 };

const reads = new Set(readRoutes().flatMap(({ method, functionName }) => (method === 'GET' ? [functionName] : [])));
/** It compares phones, whose metadata has 100 kB. */
reads.delete('passwordAvailability');

/** Prints the size of each deployed bundle, and fails if one exceeds its budget. */
for (const { functionName, code } of await bundleFunctions()) {
  const over = code.length > budgetBytes[reads.has(functionName) ? 'read' : 'other'];
  process.stdout.write(
    `${functionName.padEnd(30)} ${String(Math.round(code.length / 1000)).padStart(4)} kB${over ? '  OVER BUDGET' : ''}\n`,
  );
  if (over) process.exitCode = 1;
}
