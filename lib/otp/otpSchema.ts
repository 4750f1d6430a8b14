import * as z from 'zod';
import { phoneNumber } from '../countries/phoneSchema.ts';
import { choice, clearable, text, toAsciiNumber } from '../http/fields.ts';
import { otpTypes } from './otpRepository.ts';

/** An OTP as customers type or paste it. An OTP sent as a number has lost its leading zeros. */
export const otpCode = z
  .preprocess(
    (value) => (typeof value === 'number' ? String(value).padStart(6, '0') : value),
    text({ max: 32, clean: (value) => toAsciiNumber(value).replace(/[\s-]/g, '') }),
  )
  .describe('The six digits of the SMS. A code expires after 300 seconds by default and works once.');

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
  otp_type: choice(otpTypes).describe(
    '`customer_auth` to sign in, `password_reset` for setPassword, `reauthentication` for reauthenticate, `phone_change` for changePhone, sent to the new phone. A code only works for its type.',
  ),
  app_id: text({ max: 255 })
    .nullish()
    .describe('The id of the app in the shop’s configuration, so that the phone can enter the code by itself.'),
  channel: choice(otpChannels).default('sms').describe('How the code is sent.'),
  device_token: deviceToken,
});

export const OtpSent = z.object({
  phone_number: z.string().describe('The phone in E.164, for the next requests.'),
  otp_type: z.enum(otpTypes).describe('The type of the code.'),
  expires_in: z.int().min(0).describe('Seconds until the code expires.'),
  resend_in: z.int().min(0).describe('Seconds until another code can be requested.'),
  channel: z.enum(otpChannels).describe('How the code was sent.'),
  channels: z.array(z.enum(otpChannels)).describe('The ways in which a code can be sent to this phone.'),
});
