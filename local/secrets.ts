import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { SecretName } from '../lib/secrets.ts';

/** A stage's secrets by the last part of their SSM name, as JSON. */
export type Secrets = Record<SecretName, string>;

/** New secrets, in the shapes that lib/auth/tokens.ts and lib/auth/sealedCode.ts read. */
export function makeSecrets(): Secrets {
  const [current, next] = [makeKey(), makeKey()];
  return {
    'signing-keys': JSON.stringify({ current, next }),
    'public-keys': JSON.stringify({ keys: [next, current].map(publicHalf) }),
    'otp-secrets': JSON.stringify({
      current: { id: randomUUID(), secret: randomBytes(32).toString('base64url') },
      previous: null,
    }),
  };
}

/** The secrets in a file, made at the first call. */
export function keepSecrets(file: string): Secrets {
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(makeSecrets()), { mode: 0o600 });
  return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
}

function makeKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID() };
}

function publicHalf({ d: _private, ...key }: ReturnType<typeof makeKey>) {
  return { ...key, use: 'sig', alg: 'ES256' };
}
