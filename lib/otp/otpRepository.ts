import * as z from 'zod';
import { daySeconds, nowSeconds, utcDate } from '../clock.ts';
import { config } from '../config/config.ts';
import { toSite } from '../rateLimits/clientNetwork.ts';
import { countInDay, countInWindows, type RateLimitResult } from '../rateLimits/rateLimits.ts';
import { allowAll, countAll, uncountAll, valuesOf, waitForAll } from '../rateLimits/slidingWindow.ts';
import type { Item, Write } from '../table/expressions.ts';
import { newId } from '../table/ids.ts';
import { otpKey, phoneAttemptsKey, phoneNetworkKey } from '../table/keys.ts';
import { write } from '../table/table.ts';
import { attemptWindows, networkAttemptWindows, networkSendWindows, type Share, sendWindows } from './phoneLimits.ts';

/** What a client may ask a code for. */
export const otpTypes = ['customer_auth', 'provider_auth', 'password_reset', 'reauthentication'] as const;
/**
 * The purpose of a code. A phone has at most one live code of each, and one more that its owner's
 * device requested.
 */
export type OtpType = (typeof otpTypes)[number] | 'phone_verification';

/** A code as it rests: not the code, but an HMAC of it under a secret that is not in the table. */
const Otp = z.object({
  id: z.int(),
  secretId: z.string(),
  salt: z.string(),
  hash: z.string(),
  tries: z.int(),
  /**
   * A hash of the client network that requested the code: only that one learns that the code is
   * still good.
   */
  network: z.string().default(''),
  expiresAtSeconds: z.int(),
});
export type Otp = z.infer<typeof Otp>;
export type NewOtp = Omit<Otp, 'id' | 'tries'>;

/**
 * The attribute of a code. The owner's device has its own, which no stranger can replace or use up.
 */
const slotOf = (type: OtpType, share: Share) =>
  share === 'owner' && type === 'customer_auth' ? `own_${type}` : `code_${type}`;

function codeIn(slot: string, item: Item | undefined): Otp | undefined {
  return Otp.optional().parse(item?.[slot]);
}

/** `waitSeconds` is the time until this phone may be sent another code. */
export type Issued =
  | { done: true; waitSeconds: number; undo: () => Promise<unknown> }
  | { done: false; limit: 'sends' | 'attempts'; waitSeconds: number };

/**
 * Makes a code the phone's only one of its type and share and counts the send, if the phone's
 * limits allow it now. A code that could not be tried any more is not issued.
 */
export async function issueOtp(phone: string, type: OtpType, share: Share, code: NewOtp, now: number): Promise<Issued> {
  const [windows, attempts] = [sendWindows(share), attemptWindows(share)];
  const slot = `#${slotOf(type, share)}`;
  const fresh: Otp = { ...code, id: newId(), tries: 0 };
  const { done, old } = await write({
    kind: 'update',
    key: otpKey(phone),
    expression: `SET ${slot} = :code, #expiresAtSeconds = :expiry, ${countAll(windows)}`,
    condition: allowAll([...windows, ...attempts]),
    values: { ':code': fresh, ':expiry': now + daySeconds, ...valuesOf([...windows, ...attempts], now) },
  });
  const previous = codeIn(slotOf(type, share), old);
  // The SDK repeats a write whose answer was lost, and the repetition finds what the first one
  // wrote.
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
      key: otpKey(phone),
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

/** Makes a code the phone's only one of its type without any limit. For test numbers. */
export function issueTestOtp(phone: string, type: OtpType, share: Share, code: NewOtp, now: number): Promise<unknown> {
  return write({
    kind: 'update',
    key: otpKey(phone),
    expression: `SET #${slotOf(type, share)} = :code, #expiresAtSeconds = :expiry`,
    values: { ':code': { ...code, id: newId(), tries: 0 }, ':expiry': now + daySeconds },
  });
}

/** Counts a send to a phone by one client network, which may use only a part of the share. */
export function countNetworkSend(phone: string, network: string, share: Share, now: number): Promise<RateLimitResult> {
  return countInWindows(networkKey(phone, network), networkSendWindows(share), daySeconds, now);
}

/** Counts an attempt at a phone's codes by one client network. */
export function countNetworkAttempt(
  phone: string,
  network: string,
  share: Share,
  now: number,
): Promise<RateLimitResult> {
  return countInWindows(networkKey(phone, network), networkAttemptWindows(share), daySeconds, now);
}

/** All networks of an IPv6 site are one client to a phone. */
const networkKey = (phone: string, network: string) => phoneNetworkKey(phone, toSite(network) ?? network);

/** Networks that did not request a code get so many of its tries, and leave the rest to the one that did. */
const triesOfOthers = 2;

/** An attempt that was counted, and the code to compare. */
export interface Attempt {
  phone: string;
  type: OtpType;
  share: Share;
  slot: string;
  code: Otp;
  /**
   * Takes back what the network counted, for a right code. To be done beside the write that uses
   * the code up.
   */
  refund?: () => Promise<unknown>;
}

export type Counting =
  | { outcome: 'compare'; attempt: Attempt }
  | { outcome: 'none' }
  | { outcome: 'limit'; waitSeconds: number };

/**
 * Counts an attempt at the phone's code before anyone compares: however many come at once, only as
 * many get the code to compare as there are attempts left. An attempt counts as wrong until {@link
 * consumeOtpWrite} or {@link refundAttempt}.
 * @param slotShare whose code it is: the owner's device may also try the one that a stranger
 * requested
 */
export async function countAttempt(
  phone: string,
  type: OtpType,
  share: Share,
  slotShare: Share,
  { network, isTrusted, now }: { network: string; isTrusted: boolean; now: number },
): Promise<Counting> {
  const isTest = findTestNumber(phone, now) !== undefined;
  const windows = isTest ? [] : attemptWindows(share);
  const slot = slotOf(type, slotShare);
  const code = `#${slot}`;
  const condition = [
    `${code}.#expiresAtSeconds > :now`,
    ...(isTest
      ? []
      : [`(${code}.#tries < :few OR (${code}.#network = :network AND ${code}.#tries < :tries))`, allowAll(windows)]),
  ];
  const counts = [
    `SET ${code}.#tries = ${code}.#tries + :one, #expiresAtSeconds = :expiry`,
    ...windows.map(({ count }) => count),
  ];
  const { done, old } = await write({
    kind: 'update',
    key: otpKey(phone),
    expression: counts.join(', '),
    condition: condition.join(' AND '),
    values: {
      ':now': now,
      ':one': 1,
      ':tries': config.otpTriesPerCode,
      ':few': isTrusted ? config.otpTriesPerCode : triesOfOthers,
      ':network': network,
      ':expiry': now + daySeconds,
      ...valuesOf(windows, now),
    },
  });
  const current = codeIn(slot, old);
  if (done && current) return { outcome: 'compare', attempt: { phone, type, share, slot, code: current } };

  const dayWaitSeconds = waitForAll(windows, old, now);
  if (dayWaitSeconds > 0) return { outcome: 'limit', waitSeconds: dayWaitSeconds };
  // Only the network that requested a code learns that it is still there.
  const isVisible = isTrusted || current?.network === network;
  if (!current || current.expiresAtSeconds <= now || !isVisible) return { outcome: 'none' };
  return { outcome: 'limit', waitSeconds: current.expiresAtSeconds - now };
}

/**
 * Returns the test number of a phone until its last day. Its code is fixed, and strangers must not
 * lock the reviewer of an app store out, so the limits of a phone do not hold for it.
 */
export function findTestNumber(phone: string, now: number) {
  return config.testNumbers.find(({ phone_number, until }) => phone_number === phone && utcDate(now) <= until);
}

/** So many attempts a day at a test number's code leave one chance in a thousand to guess it. */
const testAttemptsPerDay = 1_000;

export function countTestAttempt(phone: string, now: number): Promise<RateLimitResult> {
  return countInDay(phoneAttemptsKey(phone, utcDate(now)), testAttemptsPerDay, now);
}

const windowsOf = ({ phone, share }: Attempt) => (findTestNumber(phone, nowSeconds()) ? [] : attemptWindows(share));

/**
 * The write that uses a code up and takes its attempt back. It is refused if the code has been used
 * or replaced.
 */
export function consumeOtpWrite(attempt: Attempt): Write {
  const { phone, slot, code } = attempt;
  const refund = uncountAll(windowsOf(attempt));
  return {
    kind: 'update',
    key: otpKey(phone),
    expression: `${refund && `SET ${refund}`} REMOVE #${slot}`,
    condition: `#${slot}.#id = :id`,
    values: { ':id': code.id, ':never': 0 },
  };
}

/**
 * Takes back the attempt of a right code that was not used up, or not by this call: it was no
 * guess.
 */
export async function refundAttempt(attempt: Attempt): Promise<void> {
  const { phone, slot, code } = attempt;
  const values = { ':never': 0, ':one': 1, ':id': code.id };
  const refund = uncountAll(windowsOf(attempt));
  const inFull = `SET #${slot}.#tries = #${slot}.#tries - :one${refund && `, ${refund}`}`;
  const update = { kind: 'update', key: otpKey(phone), values } as const;
  const { done } = await write({ ...update, expression: inFull, condition: `#${slot}.#id = :id` });
  if (!done && refund) await write({ ...update, expression: `SET ${refund}` });
}
