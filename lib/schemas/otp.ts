import * as z from 'zod';
import { otpTypes } from '../repositories/otps.ts';
import { choice, clearable, text, toAsciiNumber } from './fields.ts';
import { phoneNumber } from './phone.ts';

/** An OTP as customers type or paste it. One that is sent as a number has lost its leading zeros. */
export const otpCode = z.preprocess(
  (value) => (typeof value === 'number' ? String(value).padStart(6, '0') : value),
  text({ max: 32, clean: (typed) => toAsciiNumber(typed).replace(/[\s-]/g, '') }),
);

const otpChannels = ['sms'] as const;

export const deviceToken = clearable(text({ max: 512 }))
  .optional()
  .describe(
    'The `device_token` from an earlier sign-in on this device. Keep it after sign-out, so that strangers cannot use up this device’s attempts and sends.',
  );
export const issuedDeviceToken = z
  .string()
  .describe(
    'Send it with later sign-ins and requests for codes. It expires after 180 days by default and does not authenticate.',
  );

export const OtpRequest = z.object({
  phone_number: phoneNumber,
  otp_type: choice(otpTypes),
  app_id: text({ max: 255 }).nullish(),
  channel: choice(otpChannels).default('sms').describe('How the code is sent.'),
  device_token: deviceToken,
});

export const OtpSent = z.object({
  phone_number: z.string(),
  otp_type: z.enum(otpTypes),
  expires_in: z.int().min(0).describe('Seconds until the code expires.'),
  resend_in: z.int().min(0).describe('Seconds until another code can be sent.'),
  channel: z.enum(otpChannels).describe('How the code was sent.'),
  channels: z.array(z.enum(otpChannels)).describe('The ways in which a code can be sent to this phone.'),
});
