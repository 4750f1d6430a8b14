import * as z from 'zod';
import { fail } from '../../lib/errors.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { clearable, code, missing } from '../../lib/http/fields.ts';
import { runOnce } from '../../lib/idempotency/idempotencyRecord.ts';
import { otpCode } from '../../lib/otp/otpSchema.ts';
import { givenPassword } from '../../lib/passwords/passwordSchema.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';
import { reauthenticate } from '../../lib/sessions/reauthenticate.ts';

const Reauthentication = z
  .object({
    otp: clearable(otpCode)
      .optional()
      .describe('A code of the type `reauthentication`, sent to the customer’s verified phone.'),
    password: clearable(givenPassword).optional(),
  })
  .refine(({ otp, password }) => Boolean(otp) || Boolean(password), missing('otp'))
  .refine(({ otp, password }) => !(otp && password), { path: ['password'], ...code('conflicting') });

export const handler = endpoint(
  {
    operationId: 'reauthenticate',
    tag: 'auth',
    summary: 'Confirm the customer’s identity before a change of phone, e-mail address or password.',
    description: 'Send a code or the password. This session may then make such changes for ten minutes by default.',
    auth: signedIn,
    isIdempotent: true,
    body: Reauthentication,
    returns: { 204: null },
    fieldErrors: [
      { attr: 'otp', code: 'required' },
      { attr: 'password', code: 'conflicting' },
    ],
    errors: ['otpInvalid', 'otpExpired', 'otpAttemptLimit', 'wrongCredentials'],
  },
  async ({ body, clientIp, idempotency, ...caller }) => {
    await runOnce(caller.customer.id, idempotency, {
      run: (record) => reauthenticate(caller, { ...body, clientIp, record }),
      repeat: ({ sessionId }) => (sessionId === caller.session.id ? undefined : fail('idempotencyKeyConflict')),
    });
  },
);
