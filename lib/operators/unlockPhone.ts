import type { Phone } from '../countries/phoneSchema.ts';
import { UniqueClaim } from '../customers/customerRepository.ts';
import { listPhoneLimitKeys } from '../otp/phoneState.ts';
import type { Write } from '../table/expressions.ts';
import { phoneClaimKey } from '../table/keys.ts';
import { readAll, transact } from '../table/table.ts';
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
  const [[claim], keys] = await Promise.all([
    readAll([{ key: phoneClaimKey(phone.number), as: UniqueClaim }]),
    listPhoneLimitKeys(phone.number),
  ]);
  const deletions = keys.map((key): Write => ({ kind: 'delete', key }));
  const customerId = claim?.customerId;
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
