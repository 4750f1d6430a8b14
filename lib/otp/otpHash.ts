import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { readSecret } from '../aws/secrets.ts';
import { config } from '../config/config.ts';
import type { NewOtp, Otp, OtpType } from './otpRepository.ts';

const Secret = z.object({ id: z.string(), secret: z.string().min(32) });

/**
 * The HMAC secrets for OTPs. `previous` still verifies OTPs sent just before a rotation. `next`
 * verifies OTPs of functions that have read the rotated secrets already.
 */
const OtpSecrets = z.object({
  next: Secret.nullable().default(null),
  current: Secret,
  previous: Secret.nullable(),
});

/**
 * Reads the secrets for OTPs and device tokens. Call it before you count an attempt, so that an
 * outage of SSM uses up none.
 * @throws unavailable
 */
export const readOtpSecrets = () => readSecret('otp-secrets', OtpSecrets);

/**
 * Returns an OTP as the table stores it: an HMAC-SHA-256 with its own salt. The table does not hold
 * the secret.
 */
export async function hashOtp(
  otp: string,
  address: string,
  type: OtpType,
  { now, network }: { now: number; network: string },
): Promise<NewOtp> {
  const { current } = await readOtpSecrets();
  const salt = randomBytes(16).toString('base64url');
  const hash = hmac(current.secret, salt, address, type, otp).toString('base64url');
  return { secretId: current.id, salt, hash, network: hashNetwork(network), expiresAtSeconds: now + config.otpSeconds };
}

/** Returns whether an OTP is the stored one. The comparison takes constant time. */
export async function otpMatches(stored: Otp, address: string, type: OtpType, otp: string): Promise<boolean> {
  const { next, current, previous } = await readOtpSecrets();
  const secret = [current, previous, next].find((candidate) => candidate?.id === stored.secretId);
  if (!secret) return false;
  const hash = hmac(secret.secret, stored.salt, address, type, otp);
  return timingSafeEqual(hash, Buffer.from(stored.hash, 'base64url'));
}

export function hashNetwork(network: string): string {
  return createHash('sha256').update(network).digest('base64url').slice(0, 16);
}

function hmac(key: string, ...parts: string[]): Buffer {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest();
}
