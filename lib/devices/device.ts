import * as z from 'zod';
import type { Changes } from '../table/expressions.ts';

export const deviceTypes = ['ios', 'android', 'web'] as const;

/** A push registration. `registrationId` is the push service's token for one app on one device. */
export const Device = z.object({
  id: z.int(),
  registrationId: z.string(),
  deviceId: z.string().nullable(),
  name: z.string().nullable(),
  type: z.enum(deviceTypes),
  active: z.boolean(),
  /**
   * The session that owns the device. It gets pushes while that session is active. Null on old
   * devices: see {@link findSessionOf}.
   */
  sessionId: z.int().nullable().default(null),
  createdAtSeconds: z.int(),
  /** The time of the app's last registration. Each one enables the push endpoint again. */
  registeredAtMs: z.int().default(0),
});
export type Device = z.infer<typeof Device>;

/**
 * The holder of a push token. If the device changes hands, only its id and age stay. `deviceId` is
 * the device's `id`, not its `deviceId`.
 */
export const PushTokenClaim = z.object({ customerId: z.int(), deviceId: z.int(), createdAtSeconds: z.int() });
export type PushTokenClaim = z.infer<typeof PushTokenClaim>;

/** The fields of a registration. Omitted fields stay unchanged, or are empty on a new device. */
export type Registration = Pick<Device, 'registrationId' | 'type'> &
  Changes<Pick<Device, 'deviceId' | 'name' | 'active'>>;
