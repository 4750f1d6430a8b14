import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine } from '../../local/engine.ts';
import { freePort } from './ports.ts';

/** One real engine, in memory, for all tests; another one in DYNAMODB_ENDPOINT is used as it is. */
export default async function globalSetup(): Promise<void> {
  const engine = process.env.DYNAMODB_ENDPOINT ? undefined : await startEngine(await freePort());
  process.env.TEST_ENGINE = engine?.endpoint ?? process.env.DYNAMODB_ENDPOINT;
  process.env.GRANTS_LOG = join(mkdtempSync(join(tmpdir(), 'customer-backend-grants-')), 'log');
  writeFileSync(process.env.GRANTS_LOG, '');
  Object.assign(globalThis, { stopEngine: engine?.stop });
}
