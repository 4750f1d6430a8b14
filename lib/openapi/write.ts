import { readFileSync, writeFileSync } from 'node:fs';
import { buildOpenApi } from './openapi.ts';

const file = new URL('../../openapi.json', import.meta.url);
const document = `${JSON.stringify(await buildOpenApi(), null, 2)}\n`;

if (!process.argv.includes('--check')) writeFileSync(file, document);
else if (readFileSync(file, 'utf8') !== document) {
  process.stderr.write('openapi.json is stale: run `npm run openapi` and commit it.\n');
  process.exitCode = 1;
}
