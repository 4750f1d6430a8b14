import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { nowSeconds } from '../clock.ts';
import { config } from '../config.ts';
import { secret } from '../secrets.ts';
import type { OtpCaller } from './checkCode.ts';
import { clientNetwork } from './clientNetwork.ts';
import { OtpSecrets } from './sealedCode.ts';

/**
 * A device token shows that a device has signed in to an account before. It does not authenticate:
 * it only keeps strangers from using up the attempts and sends of the account's owner. Its form is
 * `<secret id>.<expiry in seconds>.<salt>.<HMAC>`.
 * @param account the phone in E.164, or the e-mail address in lower case, that the owner signs in
 * with
 */
export async function issueDeviceToken(account: string): Promise<string> {
  const { current } = await secret('otp-secrets', OtpSecrets);
  const expiresAt = String(nowSeconds() + config.deviceTokenSeconds);
  const salt = randomBytes(12).toString('base64url');
  return [current.id, expiresAt, salt, sign(current.secret, account, expiresAt, salt).toString('base64url')].join('.');
}

/** Returns whether a token is one of this account's that has not expired. */
export async function isDeviceToken(token: string | null | undefined, account: string): Promise<boolean> {
  const [secretId, expiresAt = '', salt = '', signature = ''] = token?.split('.') ?? [];
  if (!/^\d{1,12}$/.test(expiresAt) || Number(expiresAt) <= nowSeconds()) return false;
  const { next, current, previous } = await secret('otp-secrets', OtpSecrets);
  const signedUnder = [current, previous, next].find((candidate) => candidate?.id === secretId);
  if (!signedUnder) return false;
  const expected = sign(signedUnder.secret, account, expiresAt, salt);
  const given = Buffer.from(signature, 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The caller of an operation with an OTP for a phone. */
export async function otpCaller(
  clientAddress: string,
  token: string | null | undefined,
  phone: string,
): Promise<OtpCaller> {
  return { network: clientNetwork(clientAddress), isOwner: await isDeviceToken(token, phone) };
}

/** The label keeps these apart from the hashes of codes, which are made under the same secret. */
function sign(key: string, account: string, expiresAt: string, salt: string): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify(['device token', account, expiresAt, salt]))
    .digest();
}
