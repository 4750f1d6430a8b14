import { again, retry } from '../backOff.ts';
import type { Phone } from '../countries/phoneSchema.ts';
import { fail, failFields } from '../errors.ts';
import type { RecordWrites } from '../idempotency/idempotencyRecord.ts';
import { sendSecurityNotice } from '../messages/securityNotice.ts';
import * as otps from '../otp/otpAttempts.ts';
import { countNetworkLimits, verifyOtp } from '../otp/verifyOtp.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import type { SignedIn } from '../sessions/authenticators.ts';
import { requireFreshlyVerified } from '../sessions/freshVerification.ts';
import { revokeAllWrite } from '../sessions/sessionGeneration.ts';
import { moveToGenerationWrite } from '../sessions/sessionRepository.ts';
import { cleanUpWrites, readSessionsAndDevices } from '../sessions/signOut.ts';
import type { Write } from '../table/expressions.ts';
import { transact } from '../table/table.ts';
import * as customers from './customerRepository.ts';
import type { Customer } from './customerSchema.ts';
import { deleteDueWrites } from './phoneChange.ts';
import { takePhoneWrites } from './phoneClaims.ts';
import { readProfile } from './profile.ts';

const type = 'phone_change';

/** A phone, and the OTP that it got. */
export interface NewPhone {
  phone: Phone;
  otp: string;
  clientIp: string;
  record: RecordWrites;
}

/** @throws `invalid` for the customer's own phone and for one of another country */
export function requireOtherPhone({ phoneNumber, countryCode }: customers.Customer, phone: Phone): void {
  if (phone.number === phoneNumber || phone.country !== countryCode)
    failFields({ attr: 'phone_number', code: 'invalid' });
}

/**
 * Moves a customer to a new phone, which got the OTP, and revokes all other sessions, in one
 * transaction. The old phone gets an SMS and is free again. Another account that has not verified
 * the new phone loses it.
 * @returns the profile with the new phone
 * @throws reauthenticationRequired; otpInvalid, otpExpired, otpAttemptLimit; `invalid` for the
 * customer's own phone and for a phone of another country, because the wallet has the currency of
 * the country; `unique` for a phone that another customer has verified, once its OTP was right;
 * tokenNotValid when the session has been revoked; throttled; idempotencyKeyConflict if the key of
 * the record has been used
 */
export async function changePhone(
  { customer, session }: SignedIn,
  { phone, otp: code, clientIp, record }: NewPhone,
): Promise<Customer> {
  requireFreshlyVerified(session);
  requireOtherPhone(customer, phone);
  const caller = { network: toClientNetwork(clientIp), hasDeviceToken: false };
  const [admission, firstSessions, firstPhoneWrites] = await Promise.all([
    countNetworkLimits(phone.number, type, caller),
    readSessionsAndDevices(customer.id),
    takePhoneWrites(customer, phone.number),
  ]);
  const otp = await verifyOtp(admission, code);
  const before = await retry(async (attempt) => {
    const current = attempt === 1 ? customer : await customers.find(customer.id);
    // A parallel request has erased the customer, or made the same change.
    if (!current || current.phoneNumber === phone.number) {
      await otps.refundAttempt(otp);
      return current ? undefined : fail('authenticationFailed');
    }
    const [signedIn, phoneWrites] =
      attempt === 1
        ? [firstSessions, firstPhoneWrites]
        : await Promise.all([readSessionsAndDevices(customer.id), takePhoneWrites(current, phone.number)]);
    if (!phoneWrites) {
      // The OTP was right, so it counts as no guess.
      await Promise.all([otps.refundAttempt(otp), attempt === 1 && otp.refund?.()]);
      return failFields({ attr: 'phone_number', code: 'unique' });
    }
    const next = current.signIns + 1;
    const writes: Record<string, Write> = {
      otp: otps.consumeOtpWrite(otp),
      session: moveToGenerationWrite({ customerId: current.id, id: session.id }, next),
      customer: revokeAllWrite(current, { phoneNumber: phone.number, next }),
      ...phoneWrites,
    };
    const records = record();
    const writing = transact([
      ...records,
      ...Object.values(writes),
      ...deleteDueWrites(current),
      ...cleanUpWrites(signedIn, customer.id, session.id),
    ]);
    const [result] = await Promise.all([writing, attempt === 1 && otp.refund?.()]);
    if (result.done) return current;
    const [recordRejected] = result.rejected.splice(0, records.length);
    const rejected = Object.keys(writes).filter((_, index) => result.rejected[index]);
    const isFinal = recordRejected || rejected.includes('otp') || rejected.includes('session');
    if (!isFinal) return again;
    await otps.refundAttempt(otp);
    if (recordRejected) return fail('idempotencyKeyConflict');
    return rejected.includes('otp') ? fail('otpExpired') : fail('tokenNotValid');
  });
  if (before) await sendSecurityNotice(before, 'phone');
  return readProfile(customer.id);
}
