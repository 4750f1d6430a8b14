import { again, retry } from '../backOff.ts';
import * as customers from '../customers/customerRepository.ts';
import { deleteDueWrites } from '../customers/phoneChange.ts';
import { fail } from '../errors.ts';
import { revokeAllForOthersWrite } from '../sessions/sessionGeneration.ts';
import { isActive } from '../sessions/sessionRepository.ts';
import { cleanUpWrites, readSessionsAndDevices } from '../sessions/signOut.ts';
import { transact } from '../table/table.ts';
import { addAuditEntryWrites, type Operator } from './auditLog.ts';

interface Revocation extends Operator {
  action: 'suspendCustomer' | 'endSessions';
  details?: Parameters<typeof addAuditEntryWrites>[0]['details'];
  /** Other fields to change in the same transaction. */
  fields?: Parameters<typeof revokeAllForOthersWrite>[1];
}

/**
 * Revokes every session of a customer and deactivates their devices, in one transaction with the
 * audit entry. A parallel sign-in either comes first and is revoked too, or comes later.
 * @returns the number of revoked sessions
 * @throws customerNotFound
 */
export async function revokeAllSessions(customerId: number, revocation: Revocation): Promise<number> {
  const { fields, details, ...operation } = revocation;
  return retry(async () => {
    const customer = (await customers.find(customerId)) ?? fail('customerNotFound');
    // The sessions are read after the customer, so that they include every counted sign-in.
    const before = await readSessionsAndDevices(customerId);
    const revoked = before.open.filter((session) => isActive(session, customer)).length;
    const { done } = await transact([
      revokeAllForOthersWrite(customer, fields),
      ...deleteDueWrites(customer),
      ...addAuditEntryWrites({ ...operation, customerId, details: { ...details, sessions_ended: revoked } }),
      ...cleanUpWrites(before, customerId, undefined),
    ]);
    return done ? revoked : again;
  });
}
