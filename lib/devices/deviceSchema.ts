import * as z from 'zod';
import { isoTime } from '../clock.ts';
import { choice, clearable, id, removeBidiControls, text } from '../http/fields.ts';
import { deviceTypes, type Registration, type Device as Stored } from './device.ts';
import type { DeviceFields } from './deviceRepository.ts';
import { toCanonicalToken } from './pushTokens.ts';

/** A push token. FCM and APNs document no length; SNS accepts 4,096 characters. */
export const registrationId = text({ max: 4_096 });

export const Device = z
  .object({
    id: id.describe('Identifies the registration.'),
    name: z.string().max(255).nullable().describe('The name of the device, as the customer sees it in a list.'),
    registration_id: z.string().describe('The push token. APNs tokens are in lower case.'),
    device_id: z
      .string()
      .max(255)
      .nullable()
      .describe('An id that the app chooses. The API stores it and returns it, and does not use it otherwise.'),
    active: z.boolean().describe('Whether it gets pushes. False once the session that registered it has ended.'),
    date_created: z.iso.datetime().describe('When the device was first registered, in UTC.'),
    type: z.enum(deviceTypes).describe('`android`, `ios` or `web`. It decides how pushes are sent.'),
  })
  .meta({ id: 'Device', description: 'A push registration.' });
export type Device = z.infer<typeof Device>;

export const NewDevice = z.object({
  name: clearable(text({ max: 255, clean: removeBidiControls }))
    .optional()
    .describe('The name of the device, as the customer sees it in a list.'),
  registration_id: registrationId.describe(
    'The push token: of FCM for Android and web, of APNs (64 hex digits) for iOS.',
  ),
  device_id: clearable(text({ max: 255 }))
    .optional()
    .describe('An id that the app chooses. The API stores it and returns it, and does not use it otherwise.'),
  active: z.boolean().default(true).describe('False stops pushes to the device.'),
  type: choice(deviceTypes).describe('`android`, `ios` or `web`. It decides how pushes are sent.'),
});
export type NewDevice = z.output<typeof NewDevice>;

/** The fields of a device that an app may change. Omitted fields stay unchanged. */
export const DeviceChanges = NewDevice.extend({
  active: z.boolean().describe('False stops pushes to the device.'),
}).partial();
export type DeviceChanges = z.output<typeof DeviceChanges>;

export const DeviceInPath = z.object({ registration_id: registrationId.describe('The push token.') });

export function storedFields(device: NewDevice): Registration;
export function storedFields(device: DeviceChanges): DeviceFields;
export function storedFields({ registration_id, device_id, ...fields }: DeviceChanges): DeviceFields {
  return { registrationId: registration_id, deviceId: device_id, ...fields };
}

export function showDevice({ id, name, registrationId, deviceId, active, createdAtSeconds, type }: Stored): Device {
  return {
    id,
    name,
    registration_id: toCanonicalToken(registrationId, type),
    device_id: deviceId,
    active,
    date_created: isoTime(createdAtSeconds),
    type,
  };
}

export const SignInDevice = z
  .object({
    registration_id: clearable(registrationId)
      .optional()
      .describe('The push token. Without one the customer signs in, and no device is registered.'),
    device_id: text({ max: 255 })
      .nullish()
      .describe('An id that the app chooses. The API stores it and returns it, and does not use it otherwise.'),
    type: choice(deviceTypes).default('android').describe('`android`, `ios` or `web`. It decides how pushes are sent.'),
  })
  .meta({ id: 'SignInDevice', description: 'The device that signs in and gets pushes.' })
  .transform(({ registration_id, device_id, type }) => ({
    registrationId: registration_id ?? '',
    deviceId: device_id,
    type,
  }));
