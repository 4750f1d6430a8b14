import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { envelope } from '../../lib/http/errorFormats.ts';
import { ForgottenPassword, oneIdentifierErrors } from '../../lib/passwords/accountSchema.ts';
import { sendResetOtp } from '../../lib/passwords/passwordReset.ts';

export const handler = endpoint(
  {
    operationId: 'forgetPassword',
    tag: 'password',
    summary: 'Send a code for a new password to the verified phone or e-mail address of an account.',
    description:
      'The response is the same with and without an account. An account gets no code by a `channel` for which it has verified nothing.',
    errorFormat: envelope,
    body: ForgottenPassword,
    returns: { 200: z.null() },
    fieldErrors: oneIdentifierErrors,
    errors: ['unavailable'],
  },
  async ({ body: { device_token, ...body }, clientIp }) => {
    await sendResetOtp({ ...body, deviceToken: device_token, clientIp });
    return null;
  },
);
