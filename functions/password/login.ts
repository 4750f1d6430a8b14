import { endpoint } from '../../lib/http/endpoint.ts';
import { envelope } from '../../lib/http/errorFormats.ts';
import { CustomerResource, Login } from '../../lib/passwords/accountSchema.ts';
import { logIn } from '../../lib/passwords/logIn.ts';
import { readSignInSecrets, showSignedIn } from '../../lib/passwords/showSignedIn.ts';
import { publicSettings } from '../../lib/settings/publicSettings.ts';

export const handler = endpoint(
  {
    operationId: 'login',
    tag: 'password',
    summary: 'Sign in with a password.',
    description:
      'Send `email`, or `phone` if the setting `enablePhoneLogin` is on. If both are sent, they must belong to the same account.',
    errorFormat: envelope,
    isIdempotent: true,
    body: Login,
    returns: { 200: CustomerResource },
    fieldErrors: [{ attr: 'email', code: 'required' }],
    errors: ['wrongCredentials', 'accountSuspended', 'unavailable'],
  },
  async ({ body: { email, phone, password, device_token }, clientIp, idempotency }) => {
    const [{ enablePhoneLogin }] = await Promise.all([publicSettings(), readSignInSecrets()]);
    const identifier = { email, phone: enablePhoneLogin ? phone : undefined };
    const account = await logIn({ ...identifier, password, deviceToken: device_token, clientIp, idempotency });
    return showSignedIn(account);
  },
);
