import { logIn } from '../../lib/auth/logIn.ts';
import { mint } from '../../lib/auth/tokens.ts';
import { envelope } from '../../lib/http/dialects.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { publicSettings } from '../../lib/repositories/publicSettings.ts';
import { CustomerResource, Login, showAccount } from '../../lib/schemas/account.ts';

export const handler = endpoint(
  {
    operationId: 'login',
    tag: 'password',
    summary: 'Sign in with a password.',
    description:
      'With `email`, or with `phone` where the setting `enablePhoneLogin` is on; an `email` beside it must then be the same account’s.',
    dialect: envelope,
    body: Login,
    returns: { 200: CustomerResource },
    fieldErrors: [{ attr: 'email', code: 'required' }],
    errors: ['wrongCredentials'],
  },
  async ({ body: { email, phone, password }, clientAddress }) => {
    const { enablePhoneLogin } = await publicSettings();
    const account = await logIn({ email, phone: enablePhoneLogin ? phone : undefined, password, clientAddress });
    return showAccount({ ...account, tokens: await mint(account.session) });
  },
);
