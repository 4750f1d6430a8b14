import { applyPhoneChange } from '../customers/applyPhoneChange.ts';
import * as customers from '../customers/customerRepository.ts';
import { type PhoneChange, removePhoneChangeWrites } from '../customers/phoneChange.ts';
import { addToInbox } from '../customers/phoneChangeNotices.ts';
import { fail, failFields } from '../errors.ts';
import { transact } from '../table/table.ts';
import { addAuditEntryWrites, type Operator } from './auditLog.ts';

/**
 * Makes the waiting change of a customer's phone at once.
 * @throws customerNotFound, notFound without a waiting change, `unique` if another customer has
 * verified the phone; then the change is dropped
 */
export async function approve(customerId: number, operator: Operator): Promise<PhoneChange> {
  const { change } = await findWaiting(customerId);
  const audit = addAuditEntryWrites({ action: 'approvePhoneChange', ...operator, customerId });
  const outcome = await applyPhoneChange({ customerId, ...change }, audit);
  if (outcome === 'taken') failFields({ attr: 'customer_id', code: 'unique' });
  return outcome === 'applied' ? change : fail('notFound');
}

/**
 * Drops the waiting change of a customer's phone, and tells the customer.
 * @throws customerNotFound, notFound without a waiting change
 */
export async function reject(customerId: number, operator: Operator): Promise<void> {
  const { customer, change } = await findWaiting(customerId);
  const { done } = await transact([
    ...removePhoneChangeWrites(customerId, change),
    ...addAuditEntryWrites({ action: 'rejectPhoneChange', ...operator, customerId }),
  ]);
  if (!done) fail('notFound');
  await addToInbox(customer, change, 'cancelled');
}

async function findWaiting(customerId: number) {
  const customer = (await customers.find(customerId)) ?? fail('customerNotFound');
  return { customer, change: customer.phoneChange ?? fail('notFound') };
}
