import type { Device } from '../devices/device.ts';
import type { Write } from '../table/expressions.ts';
import * as sessions from './sessionRepository.ts';
import { deactivateDeviceWrites } from './signOut.ts';

export interface SignInState {
  open: readonly sessions.Session[];
  registered: readonly Device[];
}

/**
 * Creates a session and evicts the sessions that exceed the limit, with pushes to their devices.
 */
export function createSessionWrites(
  customerId: number,
  origin: sessions.Origin,
  { open, registered }: SignInState = { open: [], registered: [] },
): { session: sessions.Session; writes: Write[] } {
  const session = sessions.makeSession(customerId, origin);
  const crowdedOut = sessions.chooseEvicted(open);
  const staying = [session, ...open.filter((other) => !crowdedOut.includes(other))];
  // A device that signs in is registered in the same transaction, which can write each item only
  // once.
  const others = registered.filter(({ registrationId }) => registrationId !== session.registrationId);
  const writes = [
    sessions.createSessionWrite(session),
    ...crowdedOut.map(sessions.revokeSessionWrite),
    ...deactivateDeviceWrites(crowdedOut, staying, others),
  ];
  return { session, writes };
}
