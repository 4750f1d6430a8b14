import type { Device } from '../devices/device.ts';
import * as devices from '../devices/deviceRepository.ts';
import { deactivateDeviceWrite } from '../devices/deviceWrites.ts';
import type { Write } from '../table/expressions.ts';
import { transact } from '../table/table.ts';
import * as sessions from './sessionRepository.ts';

/** The sessions and devices of a customer. */
export interface SignInState {
  open: readonly sessions.Session[];
  registered: readonly Device[];
}

/** The most writes that a DynamoDB transaction can hold. */
export const mostTransactionWrites = 100;

/** Revokes a session and deactivates its devices. Returns whether the customer had the session. */
export async function signOut(customerId: number, sessionId: number): Promise<boolean> {
  const { open, registered } = await readSessionsAndDevices(customerId);
  const session = open.find(({ id }) => id === sessionId);
  if (!session) return false;
  const remaining = open.filter((other) => other !== session);
  const { done } = await transact([
    { ...sessions.revokeSessionWrite(session), condition: 'attribute_exists(pk)' },
    ...deactivateDeviceWrites([session], remaining, registered),
  ]);
  return done || signOut(customerId, sessionId);
}

/**
 * Revokes every session of a customer and deactivates all their devices, a hundred writes at a
 * time. The caller's own session comes last: if a write fails before, the caller is still signed in
 * and can retry.
 */
export async function signOutEverywhere(caller: Pick<sessions.Session, 'customerId' | 'id'>): Promise<void> {
  const { open, registered } = await readSessionsAndDevices(caller.customerId);
  const writes = [
    ...registered.map(({ registrationId }) => deactivateDeviceWrite(caller.customerId, registrationId)),
    ...open.filter(({ id }) => id !== caller.id).map(sessions.revokeSessionWrite),
    sessions.revokeSessionWrite(caller),
  ];
  for (let start = 0; start < writes.length; start += mostTransactionWrites) {
    const { done } = await transact(writes.slice(start, start + mostTransactionWrites));
    if (!done) return signOutEverywhere(caller);
  }
}

/** Deactivates the devices of revoked sessions, but no device that an active session uses. */
export function deactivateDeviceWrites(
  revoked: readonly sessions.Session[],
  remaining: readonly sessions.Session[],
  registered: readonly Device[],
): Write[] {
  return registered
    .filter((device) => !devices.findSessionOf(device, remaining))
    .flatMap((device) => {
      const session = devices.findSessionOf(device, revoked);
      return session ? [deactivateDeviceWrite(session.customerId, device.registrationId)] : [];
    });
}

/** The other writes of the transaction need up to 15. */
const mostCleanUpWrites = mostTransactionWrites - 15;

/**
 * Deletes the sessions that {@link revokeAllWrite} revoked, and deactivates their devices. Sessions
 * that do not fit into the transaction stay in the table, but their tokens are rejected.
 */
export function cleanUpWrites(
  { open, registered }: SignInState,
  customerId: number,
  keptSessionId: number | undefined,
): Write[] {
  const [revoked, kept] = [
    open.filter(({ id }) => id !== keptSessionId),
    open.filter(({ id }) => id === keptSessionId),
  ];
  const deactivations =
    keptSessionId === undefined
      ? registered.map(({ registrationId }) => deactivateDeviceWrite(customerId, registrationId))
      : deactivateDeviceWrites(revoked, kept, registered);
  return [...revoked.map(sessions.revokeSessionWrite), ...deactivations].slice(0, mostCleanUpWrites);
}

export async function readSessionsAndDevices(customerId: number): Promise<SignInState> {
  const [open, registered] = await Promise.all([
    sessions.listByCustomer(customerId),
    devices.listByCustomer(customerId),
  ]);
  return { open, registered };
}
