import { again, retry } from '../backOff.ts';
import { fail, failFields } from '../errors.ts';
import type { RecordWrites } from '../idempotency/idempotencyRecord.ts';
import { sendEmailLostNotice, sendSecurityNotice } from '../messages/securityNotice.ts';
import * as otps from '../otp/otpAttempts.ts';
import { countNetworkLimits, verifyOtp } from '../otp/verifyOtp.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import type { SignedIn } from '../sessions/authenticators.ts';
import { checkSessionWrite } from '../sessions/sessionRepository.ts';
import { transact } from '../table/table.ts';
import * as customers from './customerRepository.ts';
import type { Customer } from './customerSchema.ts';
import { readEmailHolderId, takeVerifiedEmailWrites } from './emailClaims.ts';
import { deletePendingEmailWrite, findPendingEmail } from './pendingEmail.ts';
import { readProfile } from './profile.ts';

interface EmailVerification {
  otp: string;
  clientIp: string;
  record: RecordWrites;
}

/**
 * Moves a customer to their pending e-mail address, which got the OTP, in one transaction. An
 * account that has not verified the address loses it. The phone, the old verified address and the
 * account that lost the address get a notice.
 * @returns the profile with the new address
 * @throws otpInvalid, otpExpired, otpAttemptLimit; `unique` for an address that another customer
 * has verified, once its OTP was right; tokenNotValid when the session has been revoked; throttled;
 * idempotencyKeyConflict if the key of the record has been used
 */
export async function verifyEmail(
  { customer, session }: SignedIn,
  { otp: code, clientIp, record }: EmailVerification,
): Promise<Customer> {
  const pending = await findPendingEmail(customer.id);
  if (!pending) return fail('otpExpired');
  const { email } = pending;
  const network = toClientNetwork(clientIp);
  const caller = { network, requester: `customer ${customer.id}`, hasDeviceToken: false };
  const [admission, holderId] = await Promise.all([
    countNetworkLimits(email, 'email_verification', caller),
    readEmailHolderId(email),
  ]);
  // The time until a wrong OTP is rejected must not tell whether the address is taken.
  const [otp, firstHolder] = await Promise.all([verifyOtp(admission, code), customers.find(holderId)]);
  const { before, loser } = await retry(async (attempt) => {
    const [current, holder] =
      attempt === 1
        ? [customer, firstHolder]
        : await Promise.all([customers.find(customer.id), readEmailHolderId(email).then(customers.find)]);
    if (!current) {
      await otps.refundAttempt(otp);
      return fail('authenticationFailed');
    }
    const other = holder?.id === current.id ? undefined : holder;
    if (other?.isEmailVerified) {
      // The OTP was right, so it counts as no guess.
      await Promise.all([otps.refundAttempt(otp), attempt === 1 && otp.refund?.()]);
      return failFields({ attr: 'email', code: 'unique' });
    }
    const writes = {
      otp: otps.consumeOtpWrite(otp),
      pending: deletePendingEmailWrite(current.id, pending),
      session: checkSessionWrite({ customerId: current.id, id: session.id }),
      ...takeVerifiedEmailWrites(current, email, other),
    };
    const records = record();
    const writing = transact([...records, ...Object.values(writes)]);
    const [result] = await Promise.all([writing, attempt === 1 && otp.refund?.()]);
    if (result.done) return { before: current, loser: other };
    const [recordRejected] = result.rejected.splice(0, records.length);
    const rejected = Object.keys(writes).filter((_, index) => result.rejected[index]);
    const isFinal = recordRejected || ['otp', 'pending', 'session'].some((name) => rejected.includes(name));
    if (!isFinal) return again;
    await otps.refundAttempt(otp);
    if (recordRejected) return fail('idempotencyKeyConflict');
    return fail(rejected.includes('session') ? 'tokenNotValid' : 'otpExpired');
  });
  const isNew = email !== before.email;
  await Promise.all([isNew && sendSecurityNotice(before, 'email'), loser && sendEmailLostNotice(loser)]);
  return readProfile(customer.id);
}
