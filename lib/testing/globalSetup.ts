import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes the file in which all test files note the permissions that they have seen in use. */
export default function globalSetup(): void {
  process.env.GRANTS_LOG = join(mkdtempSync(join(tmpdir(), 'customer-backend-grants-')), 'log');
  writeFileSync(process.env.GRANTS_LOG, '');
}
