import * as z from 'zod';
import { Customer } from '../../lib/customers/customerSchema.ts';
import { readProfile } from '../../lib/customers/profile.ts';
import { verifyEmail } from '../../lib/customers/verifyEmail.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { runOnce } from '../../lib/idempotency/idempotencyRecord.ts';
import { otpCode } from '../../lib/otp/otpSchema.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'verifyEmail',
    tag: 'customers',
    summary: 'Change the customer’s e-mail address to the one that got the code of setEmail.',
    description:
      'An account that had the address without verifying it loses it. The previous verified address gets an e-mail. If another customer has verified the address, the response to the right code is `unique`.',
    auth: signedIn,
    isIdempotent: true,
    body: z.object({ otp: otpCode.describe('The six digits of the e-mail.') }),
    returns: { 200: Customer },
    fieldErrors: [{ attr: 'email', code: 'unique' }],
    errors: ['otpInvalid', 'otpExpired', 'otpAttemptLimit', 'unavailable'],
  },
  async ({ body: { otp }, clientIp, idempotency, ...caller }) =>
    runOnce(caller.customer.id, idempotency, {
      run: (record) => verifyEmail(caller, { otp, clientIp, record }),
      repeat: () => readProfile(caller.customer.id),
    }),
);
