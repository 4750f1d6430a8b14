import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { SecretName } from '../lib/aws/secrets.ts';

/** A stage's secrets by the last part of their SSM name, as JSON. */
export type Secrets = Record<SecretName, string>;

const Key = z.looseObject({ kid: z.string(), d: z.string() });
const SigningKeys = z.object({ current: Key, next: Key });
type SigningKeys = z.infer<typeof SigningKeys>;

/**
 * As functions read them, and when each was published and, once it has signed, replaced; in
 * seconds.
 */
const PublicKey = z.looseObject({
  kid: z.string(),
  publishedAtSeconds: z.int().default(0),
  retiredAtSeconds: z.int().optional(),
});
const PublicKeys = z.object({ keys: z.array(PublicKey) });

const OtpSecret = z.object({ id: z.string(), secret: z.string() });
const OtpSecrets = z.object({
  next: OtpSecret.nullable().default(null),
  current: OtpSecret,
  previous: OtpSecret.nullable(),
});

/**
 * New secrets, in the shapes that lib/sessions/jwt.ts, lib/otp/otpHash.ts and lib/health/health.ts
 * read.
 */
export function makeSecrets(nowSeconds = Math.floor(Date.now() / 1000)): Secrets {
  const signing = { current: makeKey(), next: makeKey() };
  return {
    'signing-keys': JSON.stringify(signing),
    'public-keys': publish(signing, nowSeconds),
    'otp-secrets': JSON.stringify({ next: makeOtpSecret(), current: makeOtpSecret(), previous: null }),
    'health-key': JSON.stringify({ key: randomBytes(32).toString('base64url') }),
  };
}

/** The public halves of a stage's signing keys. */
export function publish({ next, current }: SigningKeys, nowSeconds: number): string {
  const keys = [next, current].map((key) => ({ ...publicHalf(key), publishedAtSeconds: nowSeconds }));
  return JSON.stringify({ keys });
}

export function readSigningKeys(json: string): SigningKeys {
  return SigningKeys.parse(JSON.parse(json));
}

/** A refresh token lives as long without being used, and is checked by the key that signed it. */
const keptSeconds = 31 * 86_400;
/** Functions keep secrets for five minutes; only then everybody knows a key. */
const knownAfterSeconds = 600;

/** A rotation cannot be done yet. */
export class TooEarly extends Error {
  override name = 'TooEarly';
}

/**
 * Rotates secrets: the next one becomes current, and the current one previous. Functions have
 * already read every secret that is used from now on. They still accept those used before.
 * @throws {TooEarly} if the next key was published only a moment ago
 */
export function rotated(secrets: Pick<Secrets, 'signing-keys' | 'public-keys' | 'otp-secrets'>, nowSeconds: number) {
  const before = readSigningKeys(secrets['signing-keys']);
  const { keys } = PublicKeys.parse(JSON.parse(secrets['public-keys']));
  const signing = { current: before.next, next: makeKey() };
  const published = keys.find(({ kid }) => kid === before.next.kid);
  const waitSeconds = (published?.publishedAtSeconds ?? nowSeconds) + knownAfterSeconds - nowSeconds;
  if (waitSeconds > 0) throw new TooEarly(`Functions may not know the next key yet; try again in ${waitSeconds} s.`);
  const kept = keys
    .filter(
      ({ kid, retiredAtSeconds = 0 }) => kid === before.current.kid || retiredAtSeconds > nowSeconds - keptSeconds,
    )
    // A rotation that was cut off may have called the current one retired while it went on signing.
    .map((key) => ({
      ...key,
      retiredAtSeconds: key.kid === before.current.kid ? nowSeconds : (key.retiredAtSeconds ?? nowSeconds),
    }));
  const next = { ...publicHalf(signing.next), publishedAtSeconds: nowSeconds };
  const otp = OtpSecrets.parse(JSON.parse(secrets['otp-secrets']));
  return {
    'public-keys': JSON.stringify({ keys: [next, published, ...kept] }),
    'signing-keys': JSON.stringify(signing),
    // A set without a next one is from before there was one: it gets one now and moves on with the
    // next rotation.
    'otp-secrets': JSON.stringify({
      next: makeOtpSecret(),
      current: otp.next ?? otp.current,
      previous: otp.next ? otp.current : otp.previous,
    }),
  };
}

/** No key of the stage has this id. */
export class UnknownKey extends Error {
  override name = 'UnknownKey';
}

/**
 * The signing keys without one that has leaked. If it was the current key, the next one signs at
 * once; in the place of the next key comes a new one. A withdrawal that was cut off can be
 * repeated.
 * @throws {UnknownKey}
 */
export function withdrawn(
  secrets: Pick<Secrets, 'signing-keys' | 'public-keys'>,
  withdrawnKid: string,
  nowSeconds: number,
): Pick<Secrets, 'signing-keys' | 'public-keys'> {
  const { current, next } = readSigningKeys(secrets['signing-keys']);
  const { keys } = PublicKeys.parse(JSON.parse(secrets['public-keys']));
  const kids = [next.kid, current.kid, ...keys.map(({ kid }) => kid)];
  if (!kids.includes(withdrawnKid)) throw new UnknownKey(`The stage has no key "${withdrawnKid}".`);
  const known = keys.filter(({ kid }) => kid !== withdrawnKid);
  if (withdrawnKid !== current.kid && withdrawnKid !== next.kid) {
    return { 'public-keys': JSON.stringify({ keys: known }), 'signing-keys': secrets['signing-keys'] };
  }
  const signing = { current: withdrawnKid === current.kid ? next : current, next: makeKey() };
  const published = known.find(({ kid }) => kid === signing.current.kid);
  const previous = known.filter(({ kid, retiredAtSeconds }) => kid !== signing.current.kid && retiredAtSeconds);
  return {
    'public-keys': JSON.stringify({
      keys: [
        { ...publicHalf(signing.next), publishedAtSeconds: nowSeconds },
        // A rotation that was cut off may have called it retired.
        { ...(published ?? publicHalf(signing.current)), retiredAtSeconds: undefined },
        ...previous,
      ],
    }),
    'signing-keys': JSON.stringify(signing),
  };
}

function makeKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return Key.parse({ ...privateKey.export({ format: 'jwk' }), kid: randomUUID() });
}

function publicHalf({ d: _private, ...key }: z.infer<typeof Key>) {
  return { ...key, use: 'sig', alg: 'ES256' };
}

function makeOtpSecret(): z.infer<typeof OtpSecret> {
  return { id: randomUUID(), secret: randomBytes(32).toString('base64url') };
}
