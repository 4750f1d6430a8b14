import { again, retry } from '../backOff.ts';
import type { Phone } from '../countries/phoneSchema.ts';
import * as customers from '../customers/customerRepository.ts';
import { fail, failFields } from '../errors.ts';
import { transact } from '../table/table.ts';
import { addAuditEntryWrites, type Operator } from './auditLog.ts';

/**
 * Gives a verified phone to an account that has none, such as one that was parked because its phone
 * was recycled.
 * @throws customerNotFound; `conflicting` for an account that has a verified phone; `invalid` for a
 * phone of another country; `unique` for one of another account
 */
export async function assignPhone(customerId: number, phone: Phone, operator: Operator): Promise<void> {
  await retry(async () => {
    const customer = (await customers.find(customerId)) ?? fail('customerNotFound');
    if (customer.phoneNumber) return failFields({ attr: 'customer_id', code: 'conflicting' });
    if (customer.countryCode !== phone.country) return failFields({ attr: 'phone_number', code: 'invalid' });
    const writes = await customers.verifyPhoneWrites(customer, phone.number);
    const result = await transact([
      ...writes,
      ...addAuditEntryWrites({ action: 'assignPhone', ...operator, customerId }),
    ]);
    if (result.done) return true;
    const [profile, claim] = result.rejected;
    return claim && !profile ? failFields({ attr: 'phone_number', code: 'unique' }) : again;
  });
}
