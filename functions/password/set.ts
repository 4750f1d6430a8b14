import * as z from 'zod';
import { Customer } from '../../lib/customers/customerSchema.ts';
import { emailAddress } from '../../lib/customers/personFields.ts';
import { readProfile } from '../../lib/customers/profile.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { clearable } from '../../lib/http/fields.ts';
import { otpCode } from '../../lib/otp/otpSchema.ts';
import { newPassword } from '../../lib/passwords/passwordSchema.ts';
import { setPassword } from '../../lib/passwords/setPassword.ts';
import { signedIn } from '../../lib/sessions/authenticate.ts';

export const handler = endpoint(
  {
    operationId: 'setPassword',
    tag: 'customers',
    summary: 'Choose a password, to sign in with beside codes.',
    description:
      'Within ten minutes after a sign-in or `reauthenticate`; later, with an `otp` of the type `password_reset`. `email` is needed where the customer has none.',
    auth: signedIn,
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
    errors: ['codeNeeded', 'otpInvalid', 'otpExpired', 'otpTryLimit'],
  },
  async ({ body: { otp: code, ...body }, clientIp, ...caller }) => {
    await setPassword(caller, { ...body, code, clientIp });
    return readProfile(caller.customer.id);
  },
);
