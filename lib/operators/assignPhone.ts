import { again, retry } from '../backOff.ts';
import type { Phone } from '../countries/phoneSchema.ts';
import * as customers from '../customers/customerRepository.ts';
import { recordUseWrite } from '../customers/dormancy.ts';
import { setVerifiedPhoneWrite, takePhoneWrites } from '../customers/phoneClaims.ts';
import { fail, failFields } from '../errors.ts';
import { transact } from '../table/table.ts';
import { addAuditEntryWrites, type Operator } from './auditLog.ts';

/**
 * Gives a verified phone to an account that has none, such as one that was parked because its phone
 * was recycled. Also if the account has this phone already, it needs no second proof then.
 * @throws customerNotFound; `conflicting` for an account that has another verified phone; `invalid`
 * for a phone of another country; `unique` for one of another account
 */
export async function assignPhone(customerId: number, phone: Phone, operator: Operator): Promise<void> {
  await retry(async () => {
    const customer = (await customers.find(customerId)) ?? fail('customerNotFound');
    const audit = addAuditEntryWrites({ action: 'assignPhone', ...operator, customerId });
    if (customer.phoneNumber === phone.number) {
      const { done } = await transact([recordUseWrite(customerId), ...audit]);
      return done || again;
    }
    if (customer.phoneNumber) return failFields({ attr: 'phone_number', code: 'conflicting' });
    if (customer.countryCode !== phone.country) return failFields({ attr: 'phone_number', code: 'invalid' });
    const phoneWrites = await takePhoneWrites(customer, phone.number);
    if (!phoneWrites) return failFields({ attr: 'phone_number', code: 'unique' });
    const { done } = await transact([
      setVerifiedPhoneWrite(customerId, phone.number),
      ...Object.values(phoneWrites),
      ...audit,
    ]);
    return done || again;
  });
}
