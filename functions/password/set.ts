import * as z from 'zod';
import { Customer } from '../../lib/customers/customerSchema.ts';
import { emailAddress } from '../../lib/customers/personFields.ts';
import { readProfile } from '../../lib/customers/profile.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { clearable } from '../../lib/http/fields.ts';
import { runOnce } from '../../lib/idempotency/idempotencyRecord.ts';
import { otpCode } from '../../lib/otp/otpSchema.ts';
import { newPassword } from '../../lib/passwords/passwordSchema.ts';
import { repeatSetPassword, setPassword } from '../../lib/passwords/setPassword.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'setPassword',
    tag: 'customers',
    summary: 'Set a password, so that the customer can also log in without a code.',
    description:
      'This requires a sign-in or `reauthenticate` within the last ten minutes by default, or an `otp` of the type `password_reset`. A customer without an e-mail address must send `email`.',
    auth: signedIn,
    isIdempotent: true,
    body: z.object({
      email: clearable(emailAddress()).optional().describe('Required while the customer has no e-mail address.'),
      password: newPassword,
      otp: clearable(otpCode).optional(),
    }),
    returns: { 200: Customer },
    fieldErrors: [
      { attr: 'email', code: 'required' },
      { attr: 'email', code: 'unique' },
      { attr: 'password', code: 'too_common' },
    ],
    errors: ['reauthenticationRequired', 'otpInvalid', 'otpExpired', 'otpAttemptLimit'],
  },
  async ({ body: { otp: code, ...body }, clientIp, idempotency, ...caller }) => {
    await runOnce(caller.customer.id, idempotency, {
      run: (record) => setPassword(caller, { ...body, code, clientIp, record }),
      repeat: () => repeatSetPassword(caller.customer.id, { ...body, clientIp }),
    });
    return readProfile(caller.customer.id);
  },
);
