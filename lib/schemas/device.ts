import * as z from 'zod';
import { deviceTypes } from '../repositories/devices.ts';
import { choice, text } from './fields.ts';

/** A push token: FCM's and APNs' have no documented length; SNS takes 4,096 characters. */
export const registrationId = text({ max: 4_096 });

/** The device a customer signs in on. */
export const SignInDevice = z
  .object({
    registration_id: registrationId,
    device_id: text({ max: 255 }).nullish(),
    type: choice(deviceTypes).default('android'),
  })
  .transform(({ registration_id, device_id, type }) => ({
    registrationId: registration_id,
    deviceId: device_id,
    type,
  }));
