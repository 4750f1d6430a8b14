import { randomInt } from 'node:crypto';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import * as countries from '../countries/countryRepository.ts';
import type { Phone } from '../countries/phoneSchema.ts';
import { UniqueClaim } from '../customers/customerRepository.ts';
import { ApiError, fail, failFields, ValidationError } from '../errors.ts';
import type { Language } from '../languages.ts';
import { loggable, logger } from '../logger.ts';
import { sendSms } from '../messages/sms.ts';
import { countInCaps, countSendOfNetwork } from '../messages/smsCaps.ts';
import { type RateLimitResult, readCallWait } from '../rateLimits/rateLimits.ts';
import { phoneClaimKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import { hashOtp } from './otpHash.ts';
import * as otps from './otpRepository.ts';
import { composeOtpSms } from './otpSms.ts';
import { chooseShare, findRequester, type OtpCaller } from './verifyOtp.ts';

interface Send {
  phone: Phone;
  type: otps.OtpType;
  /**
   * Selects the line for automatic code entry. An app that is not configured gets a plain message.
   */
  appId: string | undefined;
  language: Language;
  caller: OtpCaller;
  /** Whether the send of the client network was counted already. */
  isClientCounted?: boolean;
  /**
   * Counts and stores the OTP but sends no SMS: the client must not learn whether there is an
   * account.
   */
  isDecoy?: boolean;
  /** The name of the phone's field in the request. */
  attr?: string;
}

/**
 * Sends a new OTP, which replaces the phone's last one of this type. A send that a limit or SNS
 * rejects changes nothing: it uses up no limit, and the last OTP still works. But a send to a phone
 * that cannot get SMS counts for the client. After an unknown outcome of SNS the new OTP counts.
 * @returns seconds until the OTP expires and until the next send
 * @throws otpSendLimit, otpAttemptLimit, smsOptedOut, throttled, `invalid` for a phone that SNS
 * does not know, or whose country is no longer served
 */
export async function sendOtp(send: Send) {
  const { phone, type, appId, language, caller, isClientCounted, isDecoy, attr = 'phone' } = send;
  const { active } = await countries.find(phone.country);
  if (!active) return failFields({ attr, code: 'invalid' });
  const now = nowSeconds();
  const share = chooseShare(type, caller);
  const testNumber = otps.findTestNumber(phone.number, now);
  const code = testNumber?.otp ?? drawOtp();
  const stored = await hashOtp(code, phone.number, type, { now, network: findRequester(caller) });
  if (testNumber) {
    await otps.issueTestOtp(phone.number, type, share, stored, now);
    return { expiresInSeconds: config.otpSeconds, resendInSeconds: 0 };
  }

  const [counted, ofClient]: [CountedEvent[], CountedEvent[]] = [[], []];
  try {
    // The phone comes last: a client over its limit must not replace the OTP of another client's
    // phone.
    const countings = await Promise.allSettled([
      ...(caller.hasDeviceToken || type === 'reauthentication' ? [] : [requireAttemptsLeft(caller.network)]),
      ...(isClientCounted || caller.hasDeviceToken ? [] : [countAll(ofClient, [countSendOfNetwork(caller.network)])]),
      ...(caller.hasDeviceToken
        ? []
        : [countAll(counted, [otps.countNetworkSend(phone.number, caller.network, { type, share }, now)])]),
      ...(isDecoy ? [] : [countForCaps(counted, phone, caller, now)]),
    ]);
    for (const result of countings) if (result.status === 'rejected') throw result.reason;
    const issued = await otps.issueOtp(phone.number, type, share, stored, now);
    if (!issued.done) {
      const problem = issued.limit === 'attempts' ? 'otpAttemptLimit' : 'otpSendLimit';
      return fail(problem, { retryAfterSeconds: issued.waitSeconds });
    }
    counted.push(issued);
    if (!isDecoy) {
      await sendSms({
        to: phone.number,
        text: composeOtpSms(code, language, appId),
        type,
        country: phone.country,
        attr,
      });
    }
    return { expiresInSeconds: config.otpSeconds, resendInSeconds: issued.waitSeconds };
  } catch (error) {
    await undoAll([...counted, ...(isUnreachable(error) ? [] : ofClient)]);
    throw error;
  }
}

/** Whether the phone cannot get SMS. It is counted, so that clients find it out only so often. */
const isUnreachable = (error: unknown) =>
  error instanceof ValidationError || (error instanceof ApiError && error.errorName === 'smsOptedOut');

/** @throws otpAttemptLimit if the client network could not try an OTP */
async function requireAttemptsLeft(network: string): Promise<void> {
  const waitSeconds = await readCallWait(network, 'WRONG_CODES', config.wrongOtpsPerNetworkPerHour);
  if (waitSeconds > 0) fail('otpAttemptLimit', { retryAfterSeconds: waitSeconds });
}

/** A counted event of a send, to be undone if the send fails. */
interface CountedEvent {
  undo: () => Promise<unknown>;
}

/**
 * Counts a send against the caps. Once the part for strangers is used up, only a phone with an
 * account gets the reserve. The account is looked up only then.
 */
async function countForCaps(
  counted: CountedEvent[],
  phone: Phone,
  { hasDeviceToken }: OtpCaller,
  now: number,
): Promise<void> {
  const attempted: CountedEvent[] = [];
  try {
    await countAll(attempted, countInCaps(phone.number, phone.country, hasDeviceToken ? 'device' : 'stranger', now));
    counted.push(...attempted);
  } catch (error) {
    await undoAll(attempted);
    const [claim] = hasDeviceToken ? [] : await readAll([{ key: phoneClaimKey(phone.number), as: UniqueClaim }]);
    if (!claim) throw error;
    await countAll(counted, countInCaps(phone.number, phone.country, 'account', now));
  }
}

/**
 * Counts an event in several limits. If the caller fails later, it undoes the events in `counted`.
 * @throws otpSendLimit, otpAttemptLimit
 */
async function countAll(counted: CountedEvent[], counting: readonly Promise<RateLimitResult>[]): Promise<void> {
  const counts = await Promise.allSettled(counting);
  for (const count of counts) if (count.status === 'fulfilled' && count.value.done) counted.push(count.value);
  for (const count of counts) if (count.status === 'rejected') throw count.reason;
  const rejections = counts.flatMap((count) =>
    count.status === 'fulfilled' && !count.value.done ? [count.value] : [],
  );
  if (rejections.length === 0) return;
  const problem = rejections.some(({ isUncounted }) => isUncounted) ? 'otpAttemptLimit' : 'otpSendLimit';
  fail(problem, { retryAfterSeconds: Math.max(...rejections.map(({ waitSeconds }) => waitSeconds)) });
}

async function undoAll(counted: readonly CountedEvent[]): Promise<void> {
  for (const result of await Promise.allSettled(counted.map(({ undo }) => undo()))) {
    if (result.status === 'rejected') logger().error('otp_send_undo_failed', { error: loggable(result.reason) });
  }
}

function drawOtp(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}
