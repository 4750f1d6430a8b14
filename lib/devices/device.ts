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
  /** Pushes are sent while this session is active. Null on old devices: see {@link findSessionOf}. */
  sessionId: z.int().nullable().default(null),
  createdAtSeconds: z.int(),
  /** When the app last spoke of it: each time, its endpoint at SNS is made good again. */
  registeredAtMs: z.int().default(0),
});
export type Device = z.infer<typeof Device>;

/**
 * Who holds a push token. The device's id and age stay when it changes hands; nothing else does.
 */
export const PushTokenClaim = z.object({ customerId: z.int(), deviceId: z.int(), createdAtSeconds: z.int() });
export type PushTokenClaim = z.infer<typeof PushTokenClaim>;

/**
 * What is said about a device when it is registered; what is left out stays, or is empty on a new
 * one.
 */
export type Registration = Pick<Device, 'registrationId' | 'type'> &
  Changes<Pick<Device, 'deviceId' | 'name' | 'active'>>;
