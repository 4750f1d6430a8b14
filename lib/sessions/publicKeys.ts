import { createLocalJWKSet } from 'jose';
import * as z from 'zod';
import { cacheThroughFailures } from '../cached.ts';
import { fail } from '../errors.ts';
import { publicKeysKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';

export const algorithm = 'ES256';

export const PublicKey = z.object({
  kty: z.literal('EC').describe('The type of the key.'),
  crv: z.literal('P-256').describe('The curve.'),
  x: z.string().describe('A coordinate of the key, in base64url.'),
  y: z.string().describe('A coordinate of the key, in base64url.'),
  kid: z.string().describe('Names the key in the header of a token.'),
});

/**
 * The public keys of a stage as a JWK set: next, current and previous, so that a rotation rejects
 * no valid token.
 */
export const PublicKeys = z.object({
  keys: z
    .array(
      PublicKey.extend({
        use: z.literal('sig').describe('`sig`: the key verifies signatures.'),
        alg: z.literal(algorithm).describe('The algorithm.'),
      }).meta({ id: 'SigningKey' }),
    )
    .min(1)
    .describe('The next, the current and the previous key.'),
});

/** A new stage gets its keys a moment after its functions. */
const retryAfterSeconds = 5;

/**
 * Returns the public keys of the stage, to show and to verify with. They are not secret, so they
 * are in the table, which allows more reads than SSM.
 * @throws unavailable while the stage has none
 */
export const readPublicKeys = cacheThroughFailures(async () => {
  const [shown] = await readAll([{ key: publicKeysKey, as: PublicKeys }]);
  if (!shown) return fail('unavailable', { retryAfterSeconds });
  return { shown, forVerifying: createLocalJWKSet(shown) };
});
