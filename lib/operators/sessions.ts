import { again, retry } from '../backOff.ts';
import * as customers from '../customers/customerRepository.ts';
import { fail } from '../errors.ts';
import { endAllSessionsWrite } from '../sessions/sessionGeneration.ts';
import { isActive } from '../sessions/sessionRepository.ts';
import { cleanUpWrites, readSessionsAndDevices } from '../sessions/signOut.ts';
import { transact } from '../table/table.ts';
import { addAuditEntryWrites, type Operator } from './auditLog.ts';

interface SessionsEnd extends Operator {
  action: 'suspendCustomer' | 'endSessions';
  details?: Parameters<typeof addAuditEntryWrites>[0]['details'];
  /** Other fields to change in the same transaction. */
  fields?: Parameters<typeof endAllSessionsWrite>[1];
}

/**
 * Ends every session of a customer and deactivates their devices, in one transaction with its audit
 * entry. A sign-in at the same moment either comes first and ends too, or comes later.
 * @returns the number of sessions that ended
 * @throws customerNotFound
 */
export async function endAllSessions(customerId: number, end: SessionsEnd): Promise<number> {
  const { fields, details, ...operation } = end;
  return retry(async () => {
    const customer = (await customers.find(customerId)) ?? fail('customerNotFound');
    // The sessions are read after the customer, so that they include every counted sign-in.
    const before = await readSessionsAndDevices(customerId);
    const ended = before.open.filter((session) => isActive(session, customer)).length;
    const { done } = await transact([
      endAllSessionsWrite(customer, fields),
      ...addAuditEntryWrites({ ...operation, customerId, details: { ...details, sessions_ended: ended } }),
      ...cleanUpWrites(before, customerId, undefined),
    ]);
    return done ? ended : again;
  });
}
