import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Creates the log of used permissions, which all test files write to. */
export default function globalSetup(): void {
  process.env.GRANTS_LOG = join(mkdtempSync(join(tmpdir(), 'customer-backend-grants-')), 'log');
  writeFileSync(process.env.GRANTS_LOG, '');
}
