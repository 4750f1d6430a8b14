import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { readPhoneOwner } from '../customers/phoneClaims.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import { readOtpSecrets } from './otpHash.ts';
import type { OtpCaller } from './verifyOtp.ts';

/**
 * Issues a device token, which shows that a device has signed in to a customer's account before. It
 * is not a push token, and does not authenticate. It only keeps strangers from using up the
 * attempts and sends of the account's owner. Its form is
 * `<secret id>.<customer id>.<expiry in seconds>.<salt>.<HMAC>`.
 */
export async function issueDeviceToken(customerId: number): Promise<string> {
  const { current } = await readOtpSecrets();
  const salt = randomBytes(12).toString('base64url');
  const parts = [String(customerId), String(nowSeconds() + config.deviceTokenSeconds), salt];
  return [current.id, ...parts, sign(current.secret, parts).toString('base64url')].join('.');
}

/** Returns the customer of a device token, or undefined if the token is not ours or has expired. */
export async function readDeviceToken(token: string | null | undefined): Promise<number | undefined> {
  const [secretId, customerId = '', expiresAt = '', salt = '', signature = '', ...rest] = token?.split('.') ?? [];
  const areNumbers = [customerId, expiresAt].every((part) => /^\d{1,16}$/.test(part));
  if (!areNumbers || rest.length > 0 || Number(expiresAt) <= nowSeconds()) return undefined;
  const { next, current, previous } = await readOtpSecrets();
  const secret = [current, previous, next].find((candidate) => candidate?.id === secretId);
  if (!secret) return undefined;
  const expected = sign(secret.secret, [customerId, expiresAt, salt]);
  const received = Buffer.from(signature, 'base64url');
  const isOurs = received.length === expected.length && timingSafeEqual(received, expected);
  return isOurs ? Number(customerId) : undefined;
}

/**
 * Identifies the caller of an operation with an OTP. A device token counts only while its customer
 * has the phone, verified.
 */
export async function identifyOtpCaller(
  clientIp: string,
  token: string | null | undefined,
  phone: string,
): Promise<OtpCaller> {
  const customerId = await readDeviceToken(token);
  const hasDeviceToken = customerId !== undefined && customerId === (await readPhoneOwner(phone));
  return { network: toClientNetwork(clientIp), hasDeviceToken };
}

/**
 * Signs a device token. The label keeps its HMAC apart from the hashes of OTPs, which use the same
 * secret.
 */
function sign(key: string, parts: readonly string[]): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify(['device token', ...parts]))
    .digest();
}
