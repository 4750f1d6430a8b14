import * as z from 'zod';
import { isoTime } from '../clock.ts';
import { type Device, deviceTypes } from '../devices/device.ts';
import { id } from '../http/fields.ts';
import * as sessions from './sessionRepository.ts';

export const Session = z
  .object({
    id: id.describe('Identifies the session, for revokeSession.'),
    device_name: z.string().nullable().describe('The name of the device that signed in, or null.'),
    device_type: z
      .enum(deviceTypes)
      .nullable()
      .describe('Null if the device was deleted or belongs to another customer now.'),
    created_at: z.iso.datetime().describe('When the customer signed in, in UTC.'),
    last_used_at: z.iso
      .datetime()
      .describe('When its tokens were last refreshed. Sessions other than the current one show the full hour only.'),
    current: z.boolean().describe('Whether it is the session of this request.'),
  })
  .meta({ id: 'Session', description: 'A signed-in device.' });

/** Returns the device that signed in with a session, else one that it registered later. */
export function findDeviceOf(session: sessions.Session, registered: readonly Device[]): Device | undefined {
  return (
    registered.find(({ registrationId }) => registrationId === session.registrationId) ??
    registered.find(({ sessionId }) => sessionId === session.id)
  );
}

export function showSession(
  session: sessions.Session,
  device: Device | undefined,
  currentId: number,
): z.input<typeof Session> {
  return {
    id: session.id,
    device_name: device?.name ?? null,
    device_type: device?.type ?? null,
    created_at: isoTime(session.createdAtSeconds),
    last_used_at: isoTime(sessions.displayLastUseSeconds(session, currentId)),
    current: session.id === currentId,
  };
}
