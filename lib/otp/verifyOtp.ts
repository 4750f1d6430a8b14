import { countEvent } from '../aws/metrics.ts';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import { loggable, logger } from '../logger.ts';
import { countCall, type RateLimitResult } from '../rateLimits/rateLimits.ts';
import * as otps from './otpAttempts.ts';
import { hashNetwork, otpMatches, readOtpSecrets } from './otpHash.ts';
import type { OtpShare } from './otpLimits.ts';
import { findTestNumber, type OtpType } from './otpRepository.ts';

export interface OtpCaller {
  network: string;
  /**
   * The customer who requested the OTP, as `customer <id>`, if it was not the network. Only the
   * requester learns that an OTP is still valid.
   */
  requester?: string;
  /** Whether the caller sent a device token of the address. */
  hasDeviceToken: boolean;
  /** Whether the caller has signed in to the account that has verified this address. */
  isSignedIn?: boolean;
}

export const findRequester = ({ requester, network }: OtpCaller) => requester ?? network;

export function chooseShare(type: OtpType, { hasDeviceToken, isSignedIn }: OtpCaller): OtpShare {
  if (hasDeviceToken) return 'owner';
  return isSignedIn ? 'signedIn' : chooseGuestShare(type);
}

/** The OTPs that phones and e-mail addresses get most. The others use a smaller share. */
const mainTypes: readonly OtpType[] = ['customer_auth', 'email_verification'];

function chooseGuestShare(type: OtpType): OtpShare {
  return mainTypes.includes(type) ? 'stranger' : 'other';
}

const isTrusted = ({ hasDeviceToken, isSignedIn }: OtpCaller) => hasDeviceToken || isSignedIn === true;

interface CountedAttempt {
  address: string;
  type: OtpType;
  caller: OtpCaller;
  counted: readonly (RateLimitResult & { done: true })[];
  /** 0 for a caller who may attempt the OTP. */
  waitSeconds: number;
}

/**
 * Counts an attempt by the caller's network: once at this address, and once over all addresses. A
 * network over its limit never uses up attempts of the address. The owner's devices and sessions
 * are not limited by their network, except at a test number, which has no other limits.
 * @param isHidden for a caller who must not learn that this address rejected the attempt. The
 * attempt then still counts for the network.
 * @throws unavailable
 */
export async function countNetworkLimits(
  address: string,
  type: OtpType,
  caller: OtpCaller,
  { isHidden = false } = {},
): Promise<CountedAttempt> {
  await readOtpSecrets();
  const now = nowSeconds();
  const isUnlimited = caller.hasDeviceToken || (caller.isSignedIn && !findTestNumber(address, now));
  if (isUnlimited) return { address, type, caller, counted: [], waitSeconds: 0 };
  const counts = await Promise.all([
    otps.countNetworkAttempt(address, caller.network, chooseShare(type, caller), now),
    countCall(caller.network, 'WRONG_CODES', config.wrongOtpsPerNetworkPerHour),
  ]);
  const [ofAddress] = counts;
  const counted = counts.flatMap((count) => (count.done ? [count] : []));
  const waitSeconds = Math.max(0, ...counts.map((count) => (count.done ? 0 : count.waitSeconds)));
  const undone = isHidden ? [ofAddress] : counts;
  if (waitSeconds > 0) await Promise.all(undone.map((count) => count.done && count.undo()));
  return { address, type, caller, counted, waitSeconds };
}

/**
 * Verifies an OTP. The attempt is counted before the comparison, so parallel guesses get no more
 * attempts. The caller still has to consume a right OTP: with {@link otps.consumeOtpWrite}, in the
 * transaction of the operation that the OTP allows. That write fails for an OTP that has signed in.
 * @param attr the name of the OTP's field in the request
 * @throws otpInvalid, otpExpired, otpAttemptLimit
 */
export async function verifyOtp(admission: CountedAttempt, otp: string, attr = 'otp'): Promise<otps.OtpAttempt> {
  if (admission.waitSeconds > 0) return fail('otpAttemptLimit', { retryAfterSeconds: admission.waitSeconds });
  const result = await compareOtp(admission, otp);
  if (result.outcome === 'limit') {
    await Promise.all(admission.counted.map(({ undo }) => undo()));
    return fail('otpAttemptLimit', { retryAfterSeconds: result.waitSeconds });
  }
  if (result.outcome === 'none') return fail('otpExpired', { attr });
  if (result.isRight) return result.attempt;
  // Another network must not learn that an OTP was sent to this address.
  const { caller } = admission;
  const isRequester = isTrusted(caller) || result.attempt.code.network === hashNetwork(findRequester(caller));
  return fail(isRequester ? 'otpInvalid' : 'otpExpired', { attr });
}

/**
 * Returns the attempt if the OTP is right, and undefined otherwise. It is for callers who must not
 * learn whether an OTP was sent. Only a right OTP ends the search in `addresses`.
 */
export async function findMatchingOtp(
  admission: CountedAttempt,
  otp: string,
  addresses: readonly string[] = [admission.address],
): Promise<otps.OtpAttempt | undefined> {
  if (admission.waitSeconds > 0) return undefined;
  const wrong: otps.OtpAttempt[] = [];
  for (const address of addresses) {
    const result = await compareOtp({ ...admission, address }, otp);
    if (result.outcome !== 'compare') continue;
    if (result.isRight) {
      // The OTP of the one address is no guess at that of the other.
      await Promise.all(wrong.map(otps.refundAttempt));
      return result.attempt;
    }
    wrong.push(result.attempt);
  }
  return undefined;
}

/**
 * Compares an OTP with the stored ones. The owner may enter the OTP that their device requested, or
 * one that another client requested for the same address.
 */
async function compareOtp(admission: CountedAttempt, otp: string) {
  const { address, type, caller, counted } = admission;
  const share = chooseShare(type, caller);
  const slots: OtpShare[] = isTrusted(caller) ? ['owner', chooseGuestShare(type)] : [share];
  const network = hashNetwork(findRequester(caller));
  let last: Comparison = { outcome: 'none' };
  for (const slot of slots) {
    const counting = await otps.countAttempt(address, type, share, slot, {
      network,
      isTrusted: isTrusted(caller),
      isCounted: last.outcome === 'compare',
      now: nowSeconds(),
    });
    if (counting.outcome !== 'compare') {
      if (last.outcome === 'none') last = counting;
      continue;
    }
    const isRight = await otpMatches(counting.attempt.code, address, type, otp);
    if (isRight) {
      const earlier = last.outcome === 'compare' ? last.attempt : undefined;
      const undoing = () => [...counted.map(({ undo }) => undo()), ...(earlier ? [otps.refundAttempt(earlier)] : [])];
      counting.attempt.refund = () => refundAll(undoing());
      // An alarm compares the OTPs of phones with the SMS that were sent.
      const metric = address.includes('@') ? 'EmailOtpVerified' : 'OtpVerified';
      if (!counting.attempt.code.usedFor) countEvent('otp_verified', metric, { otp_type: type });
    }
    last = { ...counting, isRight };
    if (isRight) break;
  }
  return last;
}

async function refundAll(undoing: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(undoing)) {
    if (result.status === 'rejected') logger.error('otp_attempt_undo_failed', { error: loggable(result.reason) });
  }
}

type Comparison =
  | Exclude<otps.Counting, { outcome: 'compare' }>
  | { outcome: 'compare'; attempt: otps.OtpAttempt; isRight: boolean };
