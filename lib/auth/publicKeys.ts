import { createLocalJWKSet } from 'jose';
import * as z from 'zod';
import { cacheThroughFailures } from '../cached.ts';
import { fail } from '../errors.ts';
import { publicKeysKey } from '../repositories/keys.ts';
import { readAll } from '../repositories/table.ts';

export const algorithm = 'ES256';

export const PublicKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
});

/**
 * The public keys of a stage as a JWK set: next, current and previous, so that a rotation refuses
 * no valid token.
 */
export const PublicKeys = z.object({
  keys: z
    .array(PublicKey.extend({ use: z.literal('sig'), alg: z.literal(algorithm) }).meta({ id: 'SigningKey' }))
    .min(1),
});

/** A stage that was deployed a moment ago gets its keys after its functions. */
const retryAfterSeconds = 5;

/**
 * The public keys of the stage, and the same ready for verifying. They are no secrets, so they are
 * in the table, which has room for more reads than SSM.
 * @throws unavailable where the stage has none yet
 */
export const publicKeys = cacheThroughFailures(async () => {
  const [shown] = await readAll([{ key: publicKeysKey, as: PublicKeys }]);
  if (!shown) return fail('unavailable', { retryAfterSeconds });
  return { shown, forVerifying: createLocalJWKSet(shown) };
});
