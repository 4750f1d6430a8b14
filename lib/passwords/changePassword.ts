import { again, retry } from '../backOff.ts';
import type { Customer } from '../customers/customerRepository.ts';
import { claimEmailWrites, releaseEmailWrite } from '../customers/emailClaims.ts';
import { countEmailLimitWrites, countTakenEmail, failOverLimit } from '../customers/emailLimits.ts';
import { deleteDueWrites } from '../customers/phoneChange.ts';
import { failSuspended, isSuspended } from '../customers/suspension.ts';
import { fail, failFields } from '../errors.ts';
import type { RecordWrites } from '../idempotency/idempotencyRecord.ts';
import * as otps from '../otp/otpAttempts.ts';
import { checkUnchangedWrite, revokeAllWrite } from '../sessions/sessionGeneration.ts';
import * as sessions from '../sessions/sessionRepository.ts';
import { cleanUpWrites, readSessionsAndDevices } from '../sessions/signOut.ts';
import type { Write } from '../table/expressions.ts';
import { transact } from '../table/table.ts';
import { readAccount } from './findAccounts.ts';
import * as passwords from './passwordRepository.ts';

interface Replacement {
  hash: string;
  /** The new e-mail address to log in with, if it changes. */
  email?: string | undefined;
  /** The client network. Its number of "already taken" responses is limited. */
  network: string;
  /** The OTP that allows the change. The change consumes it. */
  otp?: otps.OtpAttempt | undefined;
  /** The id of the session that survives. Without it the change revokes every session. */
  keptSessionId?: number;
  otherWrites?: readonly Write[];
  /** The idempotency record of the request. */
  record?: RecordWrites;
}

/**
 * Sets a password, and the e-mail address to use it with, and revokes the other sessions, in one
 * transaction. Sessions that another request is creating are revoked too. A first password that the
 * customer sets in a session revokes none.
 * @returns false if the customer does not exist or the OTP has been used
 * @throws `unique` for an e-mail address of another customer, tokenNotValid when the surviving
 * session has been revoked, accountSuspended, idempotencyKeyConflict if the key of the record has
 * been used
 */
export async function changePassword(customerId: number, replacement: Replacement): Promise<boolean> {
  const { hash, email, network, otp, keptSessionId, otherWrites = [], record = () => [] } = replacement;
  return retry(async (attempt) => {
    const [{ customer, password }, before] = await Promise.all([
      readAccount(customerId),
      readSessionsAndDevices(customerId),
    ]);
    // The customer may have moved to another phone or e-mail address since the OTP was verified.
    if (!customer || (otp && !isVerifiedAddress(otp.address, customer))) return false;
    if (isSuspended(customer)) {
      if (otp) await otps.refundAttempt(otp);
      return keptSessionId === undefined ? failSuspended(customer, customer.language) : fail('tokenNotValid');
    }
    const newEmail = email === customer.email ? undefined : email;
    const keptSession = keptSessionId === undefined ? undefined : { customerId, id: keptSessionId };
    // A first password has no earlier holder to lock out.
    const isFirst = keptSession !== undefined && !password;
    const next = keptSession && customer.signIns + 1;
    const writes: Record<string, Write> = {
      password: isFirst
        ? passwords.setFirstPasswordWrite(customerId, hash)
        : passwords.setPasswordWrite(customerId, hash),
      ...(keptSession && {
        session: isFirst
          ? sessions.checkSessionWrite(keptSession)
          : sessions.moveToGenerationWrite(keptSession, customer.signIns + 1),
      }),
      customer: isFirst ? checkUnchangedWrite(customer, newEmail) : revokeAllWrite(customer, { email: newEmail, next }),
      ...(otp && { otp: otps.consumeOtpWrite(otp) }),
      ...(newEmail && { ...countEmailLimitWrites(customerId, network), ...claimEmailWrites(customer, newEmail) }),
      ...(newEmail && customer.email && { release: releaseEmailWrite(customer.email) }),
    };
    const records = record();
    const writing = transact([
      ...records,
      ...Object.values(writes),
      ...otherWrites,
      ...deleteDueWrites(customer),
      ...(isFirst ? [] : cleanUpWrites(before, customerId, keptSessionId)),
    ]);
    const [result] = await Promise.all([writing, attempt === 1 && otp?.refund?.()]);
    if (result.done) return true;
    const [recordRejected] = result.rejected.splice(0, records.length);
    const rejected = Object.keys(writes).filter((_, index) => result.rejected[index]);
    // A right OTP is no guess, even if the change fails for another reason.
    const refundOtp = async () => otp && otps.refundAttempt(otp);
    if (recordRejected) {
      await refundOtp();
      return fail('idempotencyKeyConflict');
    }
    if (rejected.includes('taken') || rejected.includes('emailChanges')) {
      await refundOtp();
      failOverLimit(writes, result.rejected);
    }
    if (rejected.includes('session')) {
      await refundOtp();
      return fail('tokenNotValid');
    }
    if (rejected.includes('otp')) {
      await refundOtp();
      return false;
    }
    const isTaken = rejected.includes('claim') || rejected.includes('noLostEmail');
    if (!isTaken || rejected.includes('customer')) return again;
    await Promise.all([refundOtp(), countTakenEmail(network, customerId)]);
    return failFields({ attr: 'email', code: 'unique' });
  });
}

/** The customer may have moved to another phone or e-mail address since the OTP was verified. */
function isVerifiedAddress(address: string, { phoneNumber, email, isEmailVerified }: Customer): boolean {
  return address === phoneNumber || (isEmailVerified && address === email);
}
