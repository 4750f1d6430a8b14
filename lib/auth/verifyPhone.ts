import { fail, failFields, type Language } from '../errors.ts';
import * as customers from '../repositories/customers.ts';
import { profileKey } from '../repositories/keys.ts';
import * as otps from '../repositories/otps.ts';
import { attempts, backOff } from '../repositories/retries.ts';
import { readAll, transact } from '../repositories/table.ts';
import type { Phone } from '../schemas/phone.ts';
import { checkCode } from './checkCode.ts';
import { sendCode } from './sendCode.ts';

const type = 'phone_verification';

interface Verification {
  /** Another one than was given before, such as one without a slip. */
  phone: Phone | null | undefined;
  code: string | null | undefined;
  language: Language;
  clientAddress: string;
}

/**
 * Makes the phone that a customer gave, or another one, their own, by a code that was sent to it; without a code it sends
 * one. Answers the customer as they are then.
 * @throws phoneNotVerified when a code was sent, `unique` for a phone that somebody else has proven, otpSendLimit,
 * otpInvalid, otpExpired, otpTryLimit
 */
export async function verifyPhone(
  customer: customers.Customer,
  verification: Verification,
): Promise<customers.Customer> {
  try {
    return await tryToVerify(customer, verification);
  } catch (error) {
    if (!verification.code) throw error;
    // Another call of theirs may have brought the same code a moment before.
    const [current] = await readAll([{ key: profileKey(customer.id), as: customers.Customer }]);
    if (!current) return fail('authenticationFailed');
    if (current.phoneNumber) return current;
    throw error;
  }
}

async function tryToVerify(
  customer: customers.Customer,
  { phone: other, code: typed, language, clientAddress }: Verification,
): Promise<customers.Customer> {
  if (customer.phoneNumber) return customer;
  const number = other?.number ?? (await customers.shownPhone(customer));
  if (other && other.country !== customer.countryCode) return failFields({ attr: 'phone', code: 'invalid' });
  if (!number || (other && (await customers.isProven(number)))) {
    return failFields({ attr: 'phone', code: 'unique' });
  }
  if (!typed) {
    const phone = { number, country: other?.country ?? customer.countryCode };
    await sendCode({ phone, type, appId: undefined, language, clientAddress });
    return fail('phoneNotVerified');
  }
  const code = await checkCode(number, type, typed, 'verification_code');
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const result = await transact([otps.consumption(number, type, code), ...(await customers.proof(customer, number))]);
    if (result.done) return { ...customer, phoneNumber: number, unprovenPhone: '' };
    const [used, profile, taken] = result.refused;
    if (used || profile || taken) {
      // The code was right, whatever came first.
      await otps.forgiveTry(number);
      return used ? fail('otpExpired', { attr: 'verification_code' }) : failFields({ attr: 'phone', code: 'unique' });
    }
    await backOff(attempt);
  }
  return fail('throttled', { retryAfterSeconds: 1 });
}
