import { again, retry } from '../backOff.ts';
import type { Phone } from '../countries/phoneSchema.ts';
import { fail, failFields } from '../errors.ts';
import type { Language } from '../languages.ts';
import * as otps from '../otp/otpAttempts.ts';
import { sendOtp } from '../otp/sendOtp.ts';
import { countNetworkLimits, verifyOtp } from '../otp/verifyOtp.ts';
import { phoneTaken, requireAvailable } from '../passwords/availability.ts';
import { toClientNetwork } from '../rateLimits/clientNetwork.ts';
import type { SignedIn } from '../sessions/authenticators.ts';
import { requireFreshlyVerified } from '../sessions/freshVerification.ts';
import { transact } from '../table/table.ts';
import * as customers from './customerRepository.ts';
import { setVerifiedPhoneWrite, takePhoneWrites } from './phoneClaims.ts';

const type = 'phone_verification';

interface Verification {
  /** A phone other than the one of the sign-up, for example to correct a typing error. */
  phone: Phone | null | undefined;
  code: string | null | undefined;
  language: Language;
  clientIp: string;
}

/**
 * Verifies a customer's phone with an OTP, or sends the OTP if the request has none. The phone is
 * the one from sign-up or another one. An account that has not verified it loses it. A caller with
 * the right OTP learns whether another customer has verified the phone. Others learn it only within
 * the limit of {@link requireAvailable}.
 * @returns the customer with the verified phone
 * @throws reauthenticationRequired for another phone than the one of the sign-up, if the session is
 * not freshly verified; phoneNotVerified when an OTP was sent; `unique` for a phone that another
 * customer has verified; `required` if the customer has lost the phone of the sign-up; `invalid`
 * for a phone of another country, of a country that is not served, or if the customer has verified
 * another phone; otpSendLimit, otpInvalid, otpExpired, otpAttemptLimit, limitExceeded, throttled
 */
export async function verifyPhone(
  { customer, session }: SignedIn,
  verification: Verification,
): Promise<customers.Customer> {
  // Only the phone of the sign-up can be verified with an access token alone. With another phone, a
  // thief could take over the account.
  const isOther = verification.phone && verification.phone.number !== customer.unprovenPhone;
  if (isOther && verification.phone?.number !== customer.phoneNumber) requireFreshlyVerified(session);
  try {
    return await tryToVerify(customer, verification);
  } catch (error) {
    if (!verification.code) throw error;
    // A parallel request of the customer may have verified the phone with the same OTP.
    const current = await customers.find(customer.id);
    if (!current) return fail('authenticationFailed');
    const number = verification.phone?.number ?? current.phoneNumber;
    if (current.phoneNumber && current.phoneNumber === number) return current;
    throw error;
  }
}

async function tryToVerify(
  customer: customers.Customer,
  { phone: other, code, language, clientIp }: Verification,
): Promise<customers.Customer> {
  const { phoneNumber, unprovenPhone, countryCode: country } = customer;
  const number = other?.number ?? (phoneNumber || unprovenPhone);
  // Anyone can sign up and name this phone, so each customer is a separate requester.
  const caller = { network: toClientNetwork(clientIp), requester: `customer ${customer.id}`, hasDeviceToken: false };
  const isOfCountry = !other || other.country === country;
  if (!isOfCountry || (phoneNumber && number !== phoneNumber)) return failFields({ attr: 'phone', code: 'invalid' });
  if (phoneNumber) return customer;
  if (!number) return failFields({ attr: 'phone', code: 'required' });
  if (!code) {
    await requireAvailable({ phone: { number, country } }, clientIp, { isVerifying: true });
    await sendOtp({ phone: { number, country }, type, appId: undefined, language, caller });
    return fail('phoneNotVerified');
  }
  const otp = await verifyOtp(await countNetworkLimits(number, type, caller), code, 'verification_code');
  return retry(async (attempt) => {
    // The OTP was right, so it counts as no guess.
    const refundOtp = () => otps.refundAttempt(otp);
    const phoneWrites = await takePhoneWrites(customer, number);
    if (!phoneWrites) {
      await Promise.all([refundOtp(), attempt === 1 && otp.refund?.()]);
      return failFields(phoneTaken);
    }
    const profile = setVerifiedPhoneWrite(customer.id, number);
    const writing = transact([otps.consumeOtpWrite(otp), profile, ...Object.values(phoneWrites)]);
    const [result] = await Promise.all([writing, attempt === 1 && otp.refund?.()]);
    if (result.done) return { ...customer, phoneNumber: number, unprovenPhone: '' };
    const [otpRejected, profileRejected] = result.rejected;
    if (!otpRejected && !profileRejected) return again;
    await refundOtp();
    return otpRejected ? fail('otpExpired', { attr: 'verification_code' }) : failFields(phoneTaken);
  });
}
