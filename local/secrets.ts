import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { makeSecrets, type Secrets } from '../deploy/secrets.ts';

/** The secrets in a file, made at the first call; those that the file is too old to have are added. */
export function keepSecrets(file: string): Secrets {
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const secrets = { ...makeSecrets(), ...kept };
  writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}
