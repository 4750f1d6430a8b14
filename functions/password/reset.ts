import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { envelope } from '../../lib/http/errorFormats.ts';
import { oneIdentifierErrors, PasswordReset } from '../../lib/passwords/accountSchema.ts';
import { resetPassword } from '../../lib/passwords/passwordReset.ts';

export const handler = endpoint(
  {
    operationId: 'resetPassword',
    tag: 'password',
    summary: 'Set a new password with a code and end every session.',
    description:
      'Send the `email` or the `phone` of forgetPassword, and the code as `token`. All sessions end, so log in afterwards.',
    errorFormat: envelope,
    isIdempotent: true,
    body: PasswordReset,
    returns: { 200: z.null() },
    fieldErrors: [...oneIdentifierErrors, { attr: 'password', code: 'too_common' }],
    errors: ['wrongCode', 'accountSuspended', 'unavailable'],
  },
  async ({ body: { token: code, device_token, ...body }, clientIp, idempotency }) => {
    await resetPassword({ ...body, code, deviceToken: device_token, clientIp, idempotency });
    return null;
  },
);
