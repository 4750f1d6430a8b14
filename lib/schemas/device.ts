import * as z from 'zod';
import { isoTime } from '../clock.ts';
import { type Changes, deviceTypes, type Registration, type Device as Stored } from '../repositories/devices.ts';
import { canonicalToken } from '../repositories/pushTokens.ts';
import { choice, clearable, id, text } from './fields.ts';

/** A push token: FCM's and APNs' have no documented length; SNS takes 4,096 characters. */
export const registrationId = text({ max: 4_096 });

export const Device = z
  .object({
    id,
    name: z.string().max(255).nullable(),
    registration_id: z.string().describe('The push token. APNs tokens are in lower case.'),
    device_id: z.string().max(255).nullable(),
    active: z.boolean().describe('Whether it gets pushes. False once the session that registered it has ended.'),
    date_created: z.iso.datetime(),
    type: z.enum(deviceTypes),
  })
  .meta({ id: 'Device' });
export type Device = z.infer<typeof Device>;

/** A device as an app registers it. */
export const NewDevice = z.object({
  name: clearable(text({ max: 255 })).optional(),
  registration_id: registrationId,
  device_id: clearable(text({ max: 255 })).optional(),
  active: z.boolean().default(true),
  type: choice(deviceTypes),
});
export type NewDevice = z.output<typeof NewDevice>;

/** What an app changes about a device; what is left out stays. */
export const DeviceChanges = NewDevice.extend({ active: z.boolean() }).partial();
export type DeviceChanges = z.output<typeof DeviceChanges>;

/** The device that a path names. */
export const DeviceInPath = z.object({ registration_id: registrationId.describe('The push token.') });

/** In the words of the table. */
export function storedFields(device: NewDevice): Registration;
export function storedFields(device: DeviceChanges): Changes;
export function storedFields({ registration_id, device_id, ...fields }: DeviceChanges): Changes {
  return { registrationId: registration_id, deviceId: device_id, ...fields };
}

export function showDevice({ id, name, registrationId, deviceId, active, createdAtSeconds, type }: Stored): Device {
  return {
    id,
    name,
    registration_id: canonicalToken(registrationId, type),
    device_id: deviceId,
    active,
    date_created: isoTime(createdAtSeconds),
    type,
  };
}

/** The device a customer signs in on. */
export const SignInDevice = z
  .object({
    registration_id: clearable(registrationId)
      .optional()
      .describe('The push token. Without one the customer signs in, and no device is registered.'),
    device_id: text({ max: 255 }).nullish(),
    type: choice(deviceTypes).default('android'),
  })
  .meta({ id: 'SignInDevice' })
  .transform(({ registration_id, device_id, type }) => ({
    registrationId: registration_id ?? '',
    deviceId: device_id,
    type,
  }));
