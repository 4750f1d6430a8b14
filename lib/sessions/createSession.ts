import type { Write } from '../table/expressions.ts';
import * as sessions from './sessionRepository.ts';
import { deactivateDeviceWrites, type SignInState } from './signOut.ts';

/**
 * Creates a session. It evicts the sessions that exceed the limit, and deactivates their devices.
 */
export function createSessionWrites(
  customerId: number,
  origin: sessions.Origin,
  { open, registered }: SignInState = { open: [], registered: [] },
): { session: sessions.Session; writes: Write[] } {
  const session = sessions.makeSession(customerId, origin);
  const evicted = sessions.chooseEvicted(open);
  const remaining = [session, ...open.filter((other) => !evicted.includes(other))];
  // A device that signs in is registered in the same transaction, which can write each item only
  // once.
  const others = registered.filter(({ registrationId }) => registrationId !== session.registrationId);
  const writes = [
    sessions.createSessionWrite(session),
    ...evicted.map(sessions.revokeSessionWrite),
    ...deactivateDeviceWrites(evicted, remaining, others),
  ];
  return { session, writes };
}
