import * as z from 'zod';
import { daySeconds, utcDate } from '../clock.ts';
import { config } from '../config/config.ts';
import { toSite } from '../rateLimits/clientNetwork.ts';
import { countInWindows, type RateLimitResult } from '../rateLimits/rateLimits.ts';
import { allowAll, countAll, uncountAll, valuesOf, waitForAll } from '../rateLimits/slidingWindow.ts';
import type { Item } from '../table/expressions.ts';
import { newId } from '../table/ids.ts';
import { otpKey, otpNetworkKey } from '../table/keys.ts';
import { write } from '../table/table.ts';
import { attemptWindows, networkAttemptWindows, networkSendWindows, type OtpShare, sendWindows } from './otpLimits.ts';

export const otpTypes = [
  'customer_auth',
  'provider_auth',
  'password_reset',
  'reauthentication',
  'phone_change',
] as const;
/**
 * The purpose of an OTP. A phone or e-mail address has at most one live OTP of each type, and one
 * more that its owner's device requested.
 */
export type OtpType = (typeof otpTypes)[number] | 'phone_verification' | 'email_verification' | 'second_proof';

/**
 * The sign-in that used an OTP, and the client that may repeat it. It does not name the customer,
 * because it may outlive their erasure by a day.
 */
const UsedFor = z.object({
  sessionId: z.int(),
  isNew: z.boolean(),
  /** A hash that identifies the client. */
  client: z.string(),
  /** The hash of the request with an idempotency key, else empty. */
  requestHash: z.string(),
});
export type UsedFor = z.infer<typeof UsedFor>;

/** A stored OTP. It holds an HMAC of the digits, under a secret that is not in the table. */
const Otp = z.object({
  id: z.int(),
  secretId: z.string(),
  salt: z.string(),
  hash: z.string(),
  tries: z.int(),
  /**
   * A hash of the client network that requested the OTP. Other networks do not learn that the OTP
   * is still valid.
   */
  network: z.string().default(''),
  /** Set once the OTP has signed in. It then stays only for a repetition of that sign-in. */
  usedFor: UsedFor.optional(),
  expiresAtSeconds: z.int(),
});
export type Otp = z.infer<typeof Otp>;
export type NewOtp = Omit<Otp, 'id' | 'tries' | 'usedFor'>;

/**
 * Returns the attribute that holds an OTP. The owner's device has its own, so no stranger can
 * replace or use up that OTP.
 */
export const slotOf = (type: OtpType, share: OtpShare) => (share === 'owner' ? `own_${type}` : `code_${type}`);

/** Returns the share for attempts at a sent OTP. Only a session can use a reauthentication. */
const chooseAttemptShare = (type: OtpType, share: OtpShare): OtpShare =>
  type === 'reauthentication' ? 'signedIn' : share;

export function parseOtp(slot: string, item: Item | undefined): Otp | undefined {
  return Otp.optional().parse(item?.[slot]);
}

/** `waitSeconds` is the time until this address may be sent another OTP. */
type Issued =
  | { done: true; waitSeconds: number; undo: () => Promise<unknown> }
  | { done: false; limit: 'sends' | 'attempts'; waitSeconds: number };

/**
 * Stores an OTP and counts the send, if the address's limits allow it. It replaces the last
 * OTP of the same type and share. An address without attempts left gets no OTP.
 */
export async function issueOtp(
  address: string,
  type: OtpType,
  share: OtpShare,
  code: NewOtp,
  now: number,
): Promise<Issued> {
  const [windows, attempts] = [sendWindows(share), attemptWindows(chooseAttemptShare(type, share))];
  const slot = `#${slotOf(type, share)}`;
  const fresh: Otp = { ...code, id: newId(), tries: 0 };
  const { done, old } = await write({
    kind: 'update',
    key: otpKey(address),
    expression: `SET ${slot} = :code, #expiresAtSeconds = :expiry, ${countAll(windows)}`,
    condition: allowAll([...windows, ...attempts]),
    values: { ':code': fresh, ':expiry': now + daySeconds, ...valuesOf([...windows, ...attempts], now) },
  });
  const previous = parseOtp(slotOf(type, share), old);
  // The SDK retries a write whose response was lost. The retry then finds the OTP of the first
  // write.
  const isRepetition = !done && previous?.id === fresh.id;
  if (!done && !isRepetition) {
    const attemptsWait = waitForAll(attempts, old, now);
    if (attemptsWait > 0) return { done, limit: 'attempts', waitSeconds: attemptsWait };
    return { done, limit: 'sends', waitSeconds: waitForAll(windows, old, now) };
  }

  const replaced = isRepetition ? undefined : previous;
  const undo = () =>
    write({
      kind: 'update',
      key: otpKey(address),
      expression: `SET ${uncountAll(windows)}${replaced ? `, ${slot} = :replaced` : ` REMOVE ${slot}`}`,
      condition: `${slot}.#id = :id`,
      values: { ':replaced': replaced, ':id': fresh.id, ...valuesOf(windows, now) },
    });
  const waits = windows.map((window) => {
    const before = window.read(old).slice(isRepetition ? 1 : 0);
    return window.wait([now, ...before], now);
  });
  return { done: true, waitSeconds: Math.max(...waits), undo };
}

/** Stores the OTP of a test number, to which no limit applies. */
export function issueTestOtp(
  address: string,
  type: OtpType,
  share: OtpShare,
  code: NewOtp,
  now: number,
): Promise<unknown> {
  return write({
    kind: 'update',
    key: otpKey(address),
    expression: `SET #${slotOf(type, share)} = :code, #expiresAtSeconds = :expiry`,
    values: { ':code': { ...code, id: newId(), tries: 0 }, ':expiry': now + daySeconds },
  });
}

/**
 * Counts a send to an address by one client network, which may use only a part of the share. An OTP
 * that this network could not try is not sent.
 */
export function countNetworkSend(
  address: string,
  network: string,
  { type, share }: { type: OtpType; share: OtpShare },
  now: number,
): Promise<RateLimitResult> {
  const attempts = chooseAttemptShare(type, share) === 'signedIn' ? [] : networkAttemptWindows(share);
  return countInWindows(networkKey(address, network), networkSendWindows(share), daySeconds, now, attempts);
}

/** Returns the key of a network's counts at an address. All networks of an IPv6 site are one. */
export const networkKey = (address: string, network: string) => otpNetworkKey(address, toSite(network) ?? network);

/**
 * Returns the test number of a phone until its last day. Its OTP is fixed, and strangers must not
 * lock out the reviewer of an app store, so only the attempts of each client network are limited.
 */
export function findTestNumber(address: string, now: number) {
  return config.testNumbers.find(({ phone_number, until }) => phone_number === address && utcDate(now) <= until);
}
