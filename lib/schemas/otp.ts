import * as z from 'zod';
import { otpTypes } from '../repositories/otps.ts';
import { choice, text, toAsciiDigits } from './fields.ts';
import { phoneNumber } from './phone.ts';

/** A code sent as a number has lost its leading zeros. */
export const otpCode = z.preprocess(
  (value) => (typeof value === 'number' ? String(value).padStart(6, '0') : value),
  text({ max: 32 }).transform(toAsciiDigits),
);

export const OtpRequest = z.object({
  phone_number: phoneNumber,
  otp_type: choice(otpTypes),
  app_id: text({ max: 255 }).nullish(),
});

export const OtpSent = z.object({
  phone_number: z.string(),
  otp_type: z.enum(otpTypes),
  expires_in: z.int().min(0).describe('Seconds until the code expires.'),
  resend_in: z.int().min(0).describe('Seconds until another code can be sent.'),
});
