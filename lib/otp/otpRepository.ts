import * as z from 'zod';
import { daySeconds, utcDate } from '../clock.ts';
import { config } from '../config/config.ts';
import { toSite } from '../rateLimits/clientNetwork.ts';
import { countInWindows, type RateLimitResult } from '../rateLimits/rateLimits.ts';
import {
  allowAll,
  countAll,
  type SlidingWindow,
  uncountAll,
  valuesOf,
  waitForAll,
} from '../rateLimits/slidingWindow.ts';
import type { Item, Write } from '../table/expressions.ts';
import { newId } from '../table/ids.ts';
import { otpKey, phoneNetworkKey } from '../table/keys.ts';
import { write } from '../table/table.ts';
import {
  attemptWindows,
  networkAttemptWindows,
  networkSendWindows,
  type PhoneShare,
  sendWindows,
} from './phoneLimits.ts';

export const otpTypes = [
  'customer_auth',
  'provider_auth',
  'password_reset',
  'reauthentication',
  'phone_change',
] as const;
/**
 * The purpose of an OTP. A phone has at most one live OTP of each type, and one more that its
 * owner's device requested.
 */
export type OtpType = (typeof otpTypes)[number] | 'phone_verification';

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
  expiresAtSeconds: z.int(),
});
export type Otp = z.infer<typeof Otp>;
export type NewOtp = Omit<Otp, 'id' | 'tries'>;

/**
 * Returns the attribute that holds an OTP. The owner's device has its own, so no stranger can
 * replace or use up that OTP.
 */
const slotOf = (type: OtpType, share: PhoneShare) => (share === 'owner' ? `own_${type}` : `code_${type}`);

/** Returns the share for attempts at a sent OTP. Only a session can use a reauthentication. */
const chooseAttemptShare = (type: OtpType, share: PhoneShare): PhoneShare =>
  type === 'reauthentication' ? 'signedIn' : share;

function parseOtp(slot: string, item: Item | undefined): Otp | undefined {
  return Otp.optional().parse(item?.[slot]);
}

/** `waitSeconds` is the time until this phone may be sent another OTP. */
type Issued =
  | { done: true; waitSeconds: number; undo: () => Promise<unknown> }
  | { done: false; limit: 'sends' | 'attempts'; waitSeconds: number };

/**
 * Stores an OTP and counts the send, if the phone's limits allow it. It replaces the phone's last
 * OTP of the same type and share. A phone without attempts left gets no OTP.
 */
export async function issueOtp(
  phone: string,
  type: OtpType,
  share: PhoneShare,
  code: NewOtp,
  now: number,
): Promise<Issued> {
  const [windows, attempts] = [sendWindows(share), attemptWindows(chooseAttemptShare(type, share))];
  const slot = `#${slotOf(type, share)}`;
  const fresh: Otp = { ...code, id: newId(), tries: 0 };
  const { done, old } = await write({
    kind: 'update',
    key: otpKey(phone),
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

/** Stores the OTP of a test number, to which no limit applies. */
export function issueTestOtp(
  phone: string,
  type: OtpType,
  share: PhoneShare,
  code: NewOtp,
  now: number,
): Promise<unknown> {
  return write({
    kind: 'update',
    key: otpKey(phone),
    expression: `SET #${slotOf(type, share)} = :code, #expiresAtSeconds = :expiry`,
    values: { ':code': { ...code, id: newId(), tries: 0 }, ':expiry': now + daySeconds },
  });
}

/**
 * Counts a send to a phone by one client network, which may use only a part of the share. An OTP
 * that this network could not try is not sent.
 */
export function countNetworkSend(
  phone: string,
  network: string,
  { type, share }: { type: OtpType; share: PhoneShare },
  now: number,
): Promise<RateLimitResult> {
  const attempts = chooseAttemptShare(type, share) === 'signedIn' ? [] : networkAttemptWindows(share);
  return countInWindows(networkKey(phone, network), networkSendWindows(share), daySeconds, now, attempts);
}

export function countNetworkAttempt(
  phone: string,
  network: string,
  share: PhoneShare,
  now: number,
): Promise<RateLimitResult> {
  return countInWindows(networkKey(phone, network), networkAttemptWindows(share), daySeconds, now);
}

/** Returns the key of a network's counts at a phone. All networks of an IPv6 site count as one. */
const networkKey = (phone: string, network: string) => phoneNetworkKey(phone, toSite(network) ?? network);

/**
 * A network that did not request the OTP gets only these attempts. The requester keeps the others.
 */
const attemptsOfOthers = 2;

/** An attempt that was counted, and the OTP to compare. */
export interface OtpAttempt {
  phone: string;
  type: OtpType;
  share: PhoneShare;
  slot: string;
  code: Otp;
  /** The limits of the phone in which the attempt counts. */
  windows: readonly SlidingWindow[];
  /**
   * Uncounts the attempt of the network once the OTP is right. Call it beside the write that
   * consumes the OTP.
   */
  refund?: () => Promise<unknown>;
}

export type Counting =
  | { outcome: 'compare'; attempt: OtpAttempt }
  | { outcome: 'none' }
  | { outcome: 'limit'; waitSeconds: number };

/**
 * Counts an attempt before the OTP is compared, so that parallel guesses get no more attempts than
 * guesses in turn. The attempt counts as wrong until {@link consumeOtpWrite} or
 * {@link refundAttempt}.
 * @param slotShare the share that requested the OTP. The owner's device may also enter an OTP that
 * a stranger requested.
 * @param isCounted whether the phone's limits counted this attempt already, at another OTP
 */
export async function countAttempt(
  phone: string,
  type: OtpType,
  share: PhoneShare,
  slotShare: PhoneShare,
  { network, isTrusted, isCounted, now }: { network: string; isTrusted: boolean; isCounted: boolean; now: number },
): Promise<Counting> {
  const isTest = findTestNumber(phone, now) !== undefined;
  const windows = isTest || isCounted ? [] : attemptWindows(share);
  const slot = slotOf(type, slotShare);
  const code = `#${slot}`;
  const condition = [
    `${code}.#expiresAtSeconds > :now`,
    ...(isTest ? [] : [`(${code}.#tries < :few OR (${code}.#network = :network AND ${code}.#tries < :tries))`]),
    ...(windows.length > 0 ? [allowAll(windows)] : []),
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
      ':tries': config.attemptsPerOtp,
      ':few': isTrusted ? config.attemptsPerOtp : attemptsOfOthers,
      ':network': network,
      ':expiry': now + daySeconds,
      ...valuesOf(windows, now),
    },
  });
  const current = parseOtp(slot, old);
  if (done && current) return { outcome: 'compare', attempt: { phone, type, share, slot, code: current, windows } };

  const dayWaitSeconds = waitForAll(windows, old, now);
  if (dayWaitSeconds > 0) return { outcome: 'limit', waitSeconds: dayWaitSeconds };
  // Only the network that requested an OTP learns that it is still valid.
  const isVisible = isTrusted || current?.network === network;
  if (!current || current.expiresAtSeconds <= now || !isVisible) return { outcome: 'none' };
  return { outcome: 'limit', waitSeconds: current.expiresAtSeconds - now };
}

/**
 * Returns the test number of a phone until its last day. Its OTP is fixed, and strangers must not
 * lock out the reviewer of an app store, so only the attempts of each client network are limited.
 */
export function findTestNumber(phone: string, now: number) {
  return config.testNumbers.find(({ phone_number, until }) => phone_number === phone && utcDate(now) <= until);
}

/**
 * Consumes an OTP and uncounts its attempt. The write fails if the OTP has been used or replaced.
 */
export function consumeOtpWrite(attempt: OtpAttempt): Write {
  const { phone, slot, code, windows } = attempt;
  const refund = uncountAll(windows);
  return {
    kind: 'update',
    key: otpKey(phone),
    expression: `${refund && `SET ${refund}`} REMOVE #${slot}`,
    condition: `#${slot}.#id = :id`,
    values: { ':id': code.id, ':never': 0 },
  };
}

/** Uncounts the attempt of a right OTP that this call did not consume, because it was no guess. */
export async function refundAttempt(attempt: OtpAttempt): Promise<void> {
  const { phone, slot, code, windows } = attempt;
  const values = { ':never': 0, ':one': 1, ':id': code.id };
  const refund = uncountAll(windows);
  const inFull = `SET #${slot}.#tries = #${slot}.#tries - :one${refund && `, ${refund}`}`;
  const update = { kind: 'update', key: otpKey(phone), values } as const;
  const { done } = await write({ ...update, expression: inFull, condition: `#${slot}.#id = :id` });
  if (!done && refund) await write({ ...update, expression: `SET ${refund}` });
}
