import { daySeconds, nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { countInWindows, type RateLimitResult } from '../rateLimits/rateLimits.ts';
import { allowAll, type SlidingWindow, uncountAll, valuesOf, waitForAll } from '../rateLimits/slidingWindow.ts';
import type { Item, Write } from '../table/expressions.ts';
import { otpKey } from '../table/keys.ts';
import { write } from '../table/table.ts';
import { attemptWindows, networkAttemptWindows, type OtpShare } from './otpLimits.ts';
import { findTestNumber, networkKey, type Otp, type OtpType, parseOtp, slotOf, type UsedFor } from './otpRepository.ts';

export function countNetworkAttempt(
  address: string,
  network: string,
  share: OtpShare,
  now: number,
): Promise<RateLimitResult> {
  return countInWindows(networkKey(address, network), networkAttemptWindows(share), daySeconds, now);
}

/**
 * A network that did not request the OTP gets only these attempts. The requester keeps the others.
 */
const attemptsOfOthers = 2;

/** An attempt that was counted, and the OTP to compare. */
export interface OtpAttempt {
  /** A phone in E.164, or an e-mail address in lower case, as everywhere in this folder. */
  address: string;
  type: OtpType;
  share: OtpShare;
  slot: string;
  code: Otp;
  /** The limits of the address in which the attempt counts. */
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
 * @param isCounted whether the address's limits counted this attempt already, at another OTP
 */
export async function countAttempt(
  address: string,
  type: OtpType,
  share: OtpShare,
  slotShare: OtpShare,
  { network, isTrusted, isCounted, now }: { network: string; isTrusted: boolean; isCounted: boolean; now: number },
): Promise<Counting> {
  const isTest = findTestNumber(address, now) !== undefined;
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
    key: otpKey(address),
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
  if (done && current) return { outcome: 'compare', attempt: { address, type, share, slot, code: current, windows } };

  const dayWaitSeconds = waitForAll(windows, old, now);
  if (dayWaitSeconds > 0) return { outcome: 'limit', waitSeconds: dayWaitSeconds };
  // Only the network that requested an OTP learns that it is still valid.
  const isVisible = isTrusted || current?.network === network;
  if (!current || current.expiresAtSeconds <= now || !isVisible) return { outcome: 'none' };
  return { outcome: 'limit', waitSeconds: current.expiresAtSeconds - now };
}

/**
 * Consumes an OTP and uncounts its attempt. The write fails if the OTP has been used or replaced.
 */
export function consumeOtpWrite(attempt: OtpAttempt): Write {
  const { address, slot, code, windows } = attempt;
  const refund = uncountAll(windows);
  return {
    kind: 'update',
    key: otpKey(address),
    expression: `${refund && `SET ${refund}`} REMOVE #${slot}`,
    condition: `#${slot}.#id = :id AND attribute_not_exists(#${slot}.#usedFor)`,
    values: { ':id': code.id, ':never': 0 },
  };
}

/**
 * Uses an OTP to sign in, and uncounts its attempt. The OTP stays for a while, so that a client
 * that lost the response can repeat the sign-in. Wrong attempts count as before. The write fails if
 * the OTP has been used or replaced.
 */
export function useOtpWrite(attempt: OtpAttempt, usedFor: UsedFor): Write {
  const { slot, windows } = attempt;
  const { key, condition, values } = consumeOtpWrite(attempt);
  const changes = [
    `#${slot}.#usedFor = :usedFor`,
    `#${slot}.#expiresAtSeconds = :until`,
    `#${slot}.#tries = #${slot}.#tries - :one`,
    uncountAll(windows),
  ];
  return {
    kind: 'update',
    key,
    expression: `SET ${changes.filter(Boolean).join(', ')}`,
    condition: condition ?? '',
    values: { ...values, ':usedFor': usedFor, ':until': nowSeconds() + config.signInRepeatSeconds, ':one': 1 },
  };
}

/** Returns the sign-in that used an OTP, from the item that rejected another use of it. */
export function findUse({ slot, code }: OtpAttempt, item: Item | undefined): UsedFor | undefined {
  const current = parseOtp(slot, item);
  return current?.id === code.id ? current.usedFor : undefined;
}

/** Uncounts the attempt of a right OTP that this call did not consume, because it was no guess. */
export async function refundAttempt(attempt: OtpAttempt): Promise<void> {
  const { address, slot, code, windows } = attempt;
  const values = { ':never': 0, ':one': 1, ':id': code.id };
  const refund = uncountAll(windows);
  const inFull = `SET #${slot}.#tries = #${slot}.#tries - :one${refund && `, ${refund}`}`;
  const update = { kind: 'update', key: otpKey(address), values } as const;
  const { done } = await write({ ...update, expression: inFull, condition: `#${slot}.#id = :id` });
  if (!done && refund) await write({ ...update, expression: `SET ${refund}` });
}
