import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { makeSecrets, type Secrets } from '../deploy/secrets.ts';

/** Reads the secrets from a file. The first call creates it, and later calls add new secrets. */
export function keepSecrets(file: string): Secrets {
  const existing = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const secrets = { ...makeSecrets(), ...existing };
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}
