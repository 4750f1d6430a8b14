import { attempts, backOff } from '../backOff.ts';
import type { Phone } from '../countries/phoneSchema.ts';
import * as customers from '../customers/customerRepository.ts';
import { fail, failFields } from '../errors.ts';
import type { Language } from '../languages.ts';
import * as otps from '../otp/otpRepository.ts';
import { sendOtp } from '../otp/sendOtp.ts';
import { admitAttempt, verifyOtp } from '../otp/verifyOtp.ts';
import { clientNetwork } from '../rateLimits/clientNetwork.ts';
import type { SignedIn } from '../sessions/authenticate.ts';
import { requireFreshProof } from '../sessions/freshProof.ts';
import { profileKey } from '../table/keys.ts';
import { readAll, transact } from '../table/table.ts';
import { requireAvailable } from './availability.ts';

const type = 'phone_verification';

interface Verification {
  /** Another one than was given before, such as one without a slip. */
  phone: Phone | null | undefined;
  code: string | null | undefined;
  language: Language;
  clientIp: string;
}

/**
 * Makes the phone that a customer gave, or another one, their own, by a code that was sent to it;
 * without a code it sends one. Answers the customer as they are then. Whether somebody else has
 * proven the phone is told to who brings the right code, and to others as often as {@link
 * requireAvailable} tells it.
 * @throws codeNeeded for a phone that the sign-up did not name, without a fresh proof;
 * phoneNotVerified when a code was sent, `unique` for a phone that somebody else has proven,
 * `invalid` for one of a country that is not theirs, or not served, or where they have proven
 * another, otpSendLimit, otpInvalid, otpExpired, otpTryLimit, throttled
 */
export async function verifyPhone(
  { customer, session }: SignedIn,
  verification: Verification,
): Promise<customers.Customer> {
  // The sign-up named this phone. Any other one would take the account over.
  const isOther = verification.phone && verification.phone.number !== customer.unprovenPhone;
  if (isOther && verification.phone?.number !== customer.phoneNumber) requireFreshProof(session);
  try {
    return await tryToVerify(customer, verification);
  } catch (error) {
    if (!verification.code) throw error;
    // Another call of theirs may have brought the same code a moment before.
    const [current] = await readAll([{ key: profileKey(customer.id), as: customers.Customer }]);
    if (!current) return fail('authenticationFailed');
    const wanted = verification.phone?.number ?? current.phoneNumber;
    if (current.phoneNumber && current.phoneNumber === wanted) return current;
    throw error;
  }
}

async function tryToVerify(
  customer: customers.Customer,
  { phone: other, code: typed, language, clientIp }: Verification,
): Promise<customers.Customer> {
  const { phoneNumber, unprovenPhone, countryCode: country } = customer;
  const number = other?.number ?? (phoneNumber || unprovenPhone);
  // Anyone can sign up and name this phone, so each customer is a requester of their own.
  const caller = { network: clientNetwork(clientIp), requester: `customer ${customer.id}`, isOwner: false };
  const isOfCountry = !other || other.country === country;
  if (!isOfCountry || (phoneNumber && number !== phoneNumber)) return failFields({ attr: 'phone', code: 'invalid' });
  if (phoneNumber) return customer;
  if (!typed) {
    await requireAvailable({ phone: { number, country } }, clientIp);
    await sendOtp({ phone: { number, country }, type, appId: undefined, language, caller });
    return fail('phoneNotVerified');
  }
  const otp = await verifyOtp(await admitAttempt(number, type, caller), typed, 'verification_code');
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const writes = [otps.consumeOtpWrite(otp), ...(await customers.verifyPhoneWrites(customer, number))];
    const [result] = await Promise.all([transact(writes), attempt === 1 && otp.refund?.()]);
    if (result.done) return { ...customer, phoneNumber: number, unprovenPhone: '' };
    const [used, profile, taken] = result.refused;
    if (used || profile || taken) {
      // The code was right, whatever came first.
      await otps.refundAttempt(otp);
      return used ? fail('otpExpired', { attr: 'verification_code' }) : failFields({ attr: 'phone', code: 'unique' });
    }
    await backOff(attempt);
  }
  return fail('throttled', { retryAfterSeconds: 1 });
}
