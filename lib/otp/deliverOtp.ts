import { randomInt } from 'node:crypto';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { ApiError, fail, ValidationError } from '../errors.ts';
import { loggable, logger } from '../logger.ts';
import { type CapCaller, countSendOfClient } from '../messages/smsCaps.ts';
import { type RateLimitResult, readCallWait } from '../rateLimits/rateLimits.ts';
import { hashOtp } from './otpHash.ts';
import * as otps from './otpRepository.ts';
import { chooseShare, findRequester, type OtpCaller } from './verifyOtp.ts';

interface OtpDelivery {
  /** A phone in E.164, or an e-mail address in lower case. */
  address: string;
  type: otps.OtpType;
  caller: OtpCaller;
  /** Whether the send of the client was counted already. */
  isClientCounted?: boolean | undefined;
  /** Undefined sends nothing: the client must not learn whether there is an account. */
  channel: OtpChannel | undefined;
}

interface OtpChannel {
  /** Counts a send against the caps of the stage. */
  countInCaps: (caller: CapCaller, now: number) => Promise<RateLimitResult>[];
  /** Whether the address has an account, which gets the reserve of the caps. */
  hasAccount: () => Promise<boolean>;
  send: (code: string) => Promise<void>;
}

/**
 * Sends a new OTP, which replaces the address's last one of this type. A send that a limit or the
 * channel rejects changes nothing: it uses up no limit, and the last OTP still works. But a send to
 * an address that cannot get messages counts for the client. After an unknown outcome of the
 * channel the new OTP counts.
 * @returns seconds until the OTP expires and until the next send
 * @throws otpSendLimit, otpAttemptLimit, and the errors of the channel
 */
export async function deliverOtp({ address, type, caller, isClientCounted, channel }: OtpDelivery) {
  const now = nowSeconds();
  const share = chooseShare(type, caller);
  const code = drawOtp();
  const stored = await hashOtp(code, address, type, { now, network: findRequester(caller) });
  const [counted, ofClient]: [CountedEvent[], CountedEvent[]] = [[], []];
  try {
    // The address comes last: a client over its limit must not replace the OTP of another client's
    // address.
    const countings = await Promise.allSettled([
      ...(caller.hasDeviceToken || type === 'reauthentication' ? [] : [requireAttemptsLeft(caller.network)]),
      ...(isClientCounted || caller.hasDeviceToken ? [] : [countAll(ofClient, countSendOfClient(caller))]),
      ...(caller.hasDeviceToken
        ? []
        : [countAll(counted, [otps.countNetworkSend(address, caller.network, { type, share }, now)])]),
      ...(channel ? [countForCaps(counted, channel, caller, now)] : []),
    ]);
    for (const result of countings) if (result.status === 'rejected') throw result.reason;
    const issued = await otps.issueOtp(address, type, share, stored, now);
    if (!issued.done) {
      const problem = issued.limit === 'attempts' ? 'otpAttemptLimit' : 'otpSendLimit';
      return fail(problem, { retryAfterSeconds: issued.waitSeconds });
    }
    counted.push(issued);
    await channel?.send(code);
    return { expiresInSeconds: config.otpSeconds, resendInSeconds: issued.waitSeconds };
  } catch (error) {
    await undoAll([...counted, ...(isUnreachable(error) ? [] : ofClient)]);
    throw error;
  }
}

/** Whether the address cannot get messages. It is counted, so clients find it out only so often. */
const isUnreachable = (error: unknown) =>
  error instanceof ValidationError ||
  (error instanceof ApiError && ['smsOptedOut', 'emailUndeliverable'].includes(error.errorName));

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
 * Counts a send against the caps. Once the part for strangers is used up, only an address with an
 * account gets the reserve. The account is looked up only then.
 */
async function countForCaps(
  counted: CountedEvent[],
  { countInCaps, hasAccount }: OtpChannel,
  { hasDeviceToken }: OtpCaller,
  now: number,
): Promise<void> {
  const attempted: CountedEvent[] = [];
  try {
    await countAll(attempted, countInCaps(hasDeviceToken ? 'device' : 'stranger', now));
    counted.push(...attempted);
  } catch (error) {
    await undoAll(attempted);
    if (hasDeviceToken || !(await hasAccount())) throw error;
    await countAll(counted, countInCaps('account', now));
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
    if (result.status === 'rejected') logger.error('otp_send_undo_failed', { error: loggable(result.reason) });
  }
}

function drawOtp(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}
