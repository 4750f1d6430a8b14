import * as devices from '../repositories/devices.ts';
import * as sessions from '../repositories/sessions.ts';
import { transact } from '../repositories/table.ts';

/** What one transaction can hold. */
const mostWrites = 100;

/**
 * Ends every session of a customer and stops pushes to all their devices, at once up to a hundred of both. The caller's
 * own session is in the last lot: if something fails before, they are still signed in and can repeat it.
 */
export async function signOutEverywhere({
  customerId,
  id: ownId,
}: Pick<sessions.Session, 'customerId' | 'id'>): Promise<void> {
  const [open, registered] = await Promise.all([sessions.ofCustomer(customerId), devices.ofCustomer(customerId)]);
  const writes = [
    ...registered.map(({ registrationId }) => devices.deactivation(customerId, registrationId)),
    ...open.filter(({ id }) => id !== ownId).map(({ id }) => sessions.ending(customerId, id)),
    sessions.ending(customerId, ownId),
  ];
  for (let start = 0; start < writes.length; start += mostWrites) {
    const { done } = await transact(writes.slice(start, start + mostWrites));
    if (!done) return signOutEverywhere({ customerId, id: ownId });
  }
}
