import * as z from 'zod';
import { phoneNumber } from '../../lib/countries/phoneSchema.ts';
import { changePhone } from '../../lib/customers/changePhone.ts';
import { Customer } from '../../lib/customers/customerSchema.ts';
import { readProfile } from '../../lib/customers/profile.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { runOnce } from '../../lib/idempotency/idempotencyRecord.ts';
import { otpCode } from '../../lib/otp/otpSchema.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'changePhone',
    tag: 'customers',
    summary: 'Change the customer’s phone.',
    description:
      'Send a code of the type `phone_change` to the new phone first. This requires a sign-in or `reauthenticate` within the last ten minutes, by default. All other sessions end, and the old phone gets an SMS. The new phone must be of the same country.',
    auth: signedIn,
    isIdempotent: true,
    body: z.object({
      phone_number: phoneNumber,
      otp: otpCode.describe('The code of the type `phone_change` that the new phone got.'),
    }),
    returns: { 200: Customer },
    fieldErrors: [{ attr: 'phone_number', code: 'unique' }],
    errors: ['reauthenticationRequired', 'otpInvalid', 'otpExpired', 'otpAttemptLimit'],
  },
  async ({ body: { phone_number: phone, otp }, clientIp, idempotency, ...caller }) =>
    runOnce(caller.customer.id, idempotency, {
      run: (record) => changePhone(caller, { phone, otp, clientIp, record }),
      repeat: () => readProfile(caller.customer.id),
    }),
);
