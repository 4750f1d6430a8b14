import * as z from 'zod';
import { emailAddress } from '../../lib/customers/personFields.ts';
import { setEmail } from '../../lib/customers/setEmail.ts';
import { reply } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

const EmailOtpSent = z
  .object({
    email: z.string().max(254).describe('The address that the code is on its way to.'),
    expires_in: z.int().min(0).describe('Seconds until the code expires.'),
  })
  .meta({ id: 'EmailCodeSent', description: 'A code was sent to an e-mail address.' });

export const handler = endpoint(
  {
    operationId: 'setEmail',
    tag: 'customers',
    summary: 'Send a code to a new e-mail address of the customer.',
    description:
      'The address of the customer changes in verifyEmail. This requires a sign-in or `reauthenticate` within the last ten minutes, by default. Further sends wait 60, 120 and then 300 seconds. The response does not tell whether another customer has the address. `email_undeliverable` means that earlier e-mails to the address came back or were reported as spam, and `email_unavailable` that the shop sends no e-mails.',
    auth: signedIn,
    body: z.object({ email: emailAddress().describe('The new address. It is stored in lower case.') }),
    returns: { 202: EmailOtpSent },
    errors: [
      'reauthenticationRequired',
      'otpSendLimit',
      'otpAttemptLimit',
      'emailUndeliverable',
      'emailUnavailable',
      'unavailable',
    ],
  },
  async ({ body: { email }, language, clientIp, ...caller }) => {
    const { expiresInSeconds } = await setEmail(caller, { email, language, clientIp });
    return reply(202, { email, expires_in: expiresInSeconds });
  },
);
