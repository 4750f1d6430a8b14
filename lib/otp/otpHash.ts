import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { readSecret } from '../aws/secrets.ts';
import { config } from '../config/config.ts';
import type { NewOtp, Otp, OtpType } from './otpRepository.ts';

const Secret = z.object({ id: z.string(), secret: z.string().min(32) });

/**
 * What codes are hashed under. `previous` still checks those that were sent just before a rotation,
 * `next` those of functions that have seen it already.
 */
const OtpSecrets = z.object({
  next: Secret.nullable().default(null),
  current: Secret,
  previous: Secret.nullable(),
});

/**
 * What codes and device tokens are made under. Whoever counts an attempt calls it before.
 * @throws unavailable
 */
export const readOtpSecrets = () => readSecret('otp-secrets', OtpSecrets);

/**
 * A code as it may rest in the table: an HMAC-SHA-256 under a secret that is not there, with a salt
 * of its own.
 */
export async function hashOtp(
  code: string,
  phone: string,
  type: OtpType,
  { now, network }: { now: number; network: string },
): Promise<NewOtp> {
  const { current } = await readOtpSecrets();
  const salt = randomBytes(16).toString('base64url');
  const hash = hmac(current.secret, salt, phone, type, code).toString('base64url');
  return { secretId: current.id, salt, hash, network: hashNetwork(network), expiresAtSeconds: now + config.otpSeconds };
}

/** Whether a typed code is the sealed one, in a time that tells nothing. */
export async function otpMatches(sealed: Otp, phone: string, type: OtpType, typed: string): Promise<boolean> {
  const { next, current, previous } = await readOtpSecrets();
  const sealedUnder = [current, previous, next].find((candidate) => candidate?.id === sealed.secretId);
  if (!sealedUnder) return false;
  const hash = hmac(sealedUnder.secret, sealed.salt, phone, type, typed);
  return timingSafeEqual(hash, Buffer.from(sealed.hash, 'base64url'));
}

/** A client network as it rests beside a code. */
export function hashNetwork(network: string): string {
  return createHash('sha256').update(network).digest('base64url').slice(0, 16);
}

function hmac(key: string, ...parts: string[]): Buffer {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest();
}
