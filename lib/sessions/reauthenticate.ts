import { fail } from '../errors.ts';
import type { RecordWrites } from '../idempotency/idempotencyRecord.ts';
import { consumeOtpWrite } from '../otp/otpAttempts.ts';
import { countNetworkLimits, verifyOtp } from '../otp/verifyOtp.ts';
import { countLoginAttempt } from '../passwords/loginAttempts.ts';
import { matchesHash } from '../passwords/passwordHash.ts';
import { Password } from '../passwords/passwordRepository.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import type { Write } from '../table/expressions.ts';
import { passwordKey } from '../table/keys.ts';
import { readAll, transact } from '../table/table.ts';
import type { SignedIn } from './authenticators.ts';
import * as sessions from './sessionRepository.ts';

interface Reauthentication {
  otp?: string | null | undefined;
  password?: string | null | undefined;
  clientIp: string;
  record: RecordWrites;
}

/**
 * Makes a session freshly verified, by the password or by an OTP that was sent to the customer's
 * verified phone.
 * @throws otpInvalid, otpExpired, otpAttemptLimit, wrongCredentials, throttled, tokenNotValid
 */
export async function reauthenticate(
  caller: SignedIn,
  { otp, password, clientIp, record }: Reauthentication,
): Promise<void> {
  const network = toClientNetwork(clientIp);
  const { write, refund } = otp
    ? await checkOwnOtp(caller, otp, network)
    : await checkPassword(caller, password ?? '', network);
  const writes = [sessions.markVerifiedWrite(caller.session), write, ...record({ sessionId: caller.session.id })];
  const [result] = await Promise.all([transact(writes), refund?.()]);
  if (!result.done) fail(result.rejected[0] ? 'tokenNotValid' : 'otpExpired');
}

interface Checked {
  write: Write;
  refund: (() => Promise<unknown>) | undefined;
}

async function checkOwnOtp({ customer: { phoneNumber } }: SignedIn, otp: string, network: string): Promise<Checked> {
  if (!phoneNumber) return fail('otpExpired');
  const admission = await countNetworkLimits(phoneNumber, 'reauthentication', {
    network,
    hasDeviceToken: false,
    isSignedIn: true,
  });
  const attempt = await verifyOtp(admission, otp);
  return { write: consumeOtpWrite(attempt), refund: attempt.refund };
}

async function checkPassword({ customer }: SignedIn, password: string, network: string): Promise<Checked> {
  const [attempt, [stored]] = await Promise.all([
    // Counted by id: success resets failures, and another account may share the e-mail address.
    countLoginAttempt(`customer ${customer.id}`, network),
    readAll([{ key: passwordKey(customer.id), as: Password }]),
  ]);
  if (!(await matchesHash(password, stored?.hash))) return fail('wrongCredentials');
  return { write: attempt.resetFailures, refund: attempt.undoSharedCounts };
}
