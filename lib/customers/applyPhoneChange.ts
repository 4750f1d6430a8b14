import { again, retry } from '../backOff.ts';
import { nowSeconds } from '../clock.ts';
import { loggable, logger } from '../logger.ts';
import { sendSecurityNotice } from '../messages/securityNotice.ts';
import { revokeAllWrite } from '../sessions/sessionGeneration.ts';
import { isActive, moveToGenerationWrite } from '../sessions/sessionRepository.ts';
import { cleanUpWrites, readSessionsAndDevices } from '../sessions/signOut.ts';
import type { Write } from '../table/expressions.ts';
import { duePhoneChangesPartition, dueUntilSortKey } from '../table/keys.ts';
import { readEach, transact, write } from '../table/table.ts';
import { removePhoneChange } from './cancelPhoneChange.ts';
import * as customers from './customerRepository.ts';
import { DuePhoneChange, deleteDuePhoneChangeWrite, deleteDueWrites } from './phoneChange.ts';
import { addToInbox } from './phoneChangeNotices.ts';
import { takePhoneWrites } from './phoneClaims.ts';

/** Applies the changes that are due. The next run retries a change that failed. */
export async function applyDuePhoneChanges(): Promise<void> {
  const range = { from: ' ', to: dueUntilSortKey(nowSeconds()) };
  for await (const due of readEach(duePhoneChangesPartition, range, DuePhoneChange)) {
    try {
      const outcome = await applyPhoneChange(due);
      logger.info('phone_change_processed', { customer_id: due.customerId, outcome });
    } catch (error) {
      logger.error('phone_change_failed', { customer_id: due.customerId, error: loggable(error) });
    }
  }
}

/**
 * Moves a customer to the phone of a waiting change, and revokes every session but the one that
 * requested it, in one transaction. If another customer has verified that phone meanwhile, the
 * change is dropped, and so is one whose owner was not warned.
 * @param others writes of the same transaction, such as an audit entry
 */
export async function applyPhoneChange(
  due: DuePhoneChange,
  others: readonly Write[] = [],
): Promise<'applied' | 'taken' | 'not_waiting'> {
  return retry(async () => {
    const customer = await customers.find(due.customerId);
    const change = customer?.phoneChange;
    if (!customer || change?.id !== due.id) {
      await write(deleteDuePhoneChangeWrite(due.customerId, due));
      return 'not_waiting';
    }
    if (!change.isWarned) {
      await removePhoneChange(customer.id, change, others);
      return 'not_waiting';
    }
    const [signedIn, phoneWrites] = await Promise.all([
      readSessionsAndDevices(customer.id),
      takePhoneWrites(customer, change.phoneNumber),
    ]);
    if (!phoneWrites) {
      if (await removePhoneChange(customer.id, change, others)) await addToInbox(customer, change, 'taken');
      return 'taken';
    }
    const kept = signedIn.open.find((session) => session.id === change.sessionId && isActive(session, customer));
    const next = customer.signIns + 1;
    const result = await transact([
      revokeAllWrite(customer, { phoneNumber: change.phoneNumber, next }),
      ...Object.values(phoneWrites),
      ...deleteDueWrites(customer),
      ...(kept ? [moveToGenerationWrite({ customerId: customer.id, id: kept.id }, next)] : []),
      ...others,
      ...cleanUpWrites(signedIn, customer.id, kept?.id),
    ]);
    if (result.done) {
      await Promise.all([sendSecurityNotice(customer, 'phone'), addToInbox(customer, change, 'applied')]);
      return 'applied';
    }
    return again;
  });
}
