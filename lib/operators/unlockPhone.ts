import type { Phone } from '../countries/phoneSchema.ts';
import { readPhoneOwner } from '../customers/phoneClaims.ts';
import { listPhoneLimitKeys } from '../otp/phoneState.ts';
import type { Write } from '../table/expressions.ts';
import { transact } from '../table/table.ts';
import { addAuditEntryWrites, type Operator } from './auditLog.ts';

/** DynamoDB's limit for a transaction, less the audit entries. */
const mostAtOnce = 98;

/**
 * Clears the counts of a phone's sends and attempts, and its live OTPs. The caps of its country and
 * of the stage stay. The audit entry is in the first transaction, which deletes the phone's own
 * counts. An interrupted call may be repeated.
 * @returns the customer who has verified the phone
 */
export async function unlockPhone(phone: Phone, operator: Operator): Promise<number | undefined> {
  const [customerId, keys] = await Promise.all([readPhoneOwner(phone.number), listPhoneLimitKeys(phone.number)]);
  const deletions = keys.map((key): Write => ({ kind: 'delete', key }));
  // A phone is personal data, so the log names its customer or country.
  const audit = addAuditEntryWrites({
    action: 'unlockPhone',
    ...operator,
    customerId,
    details: { country: phone.country },
  });
  await transact([...audit, ...deletions.slice(0, mostAtOnce)]);
  for (let start = mostAtOnce; start < deletions.length; start += mostAtOnce) {
    await transact(deletions.slice(start, start + mostAtOnce));
  }
  return customerId;
}
