import { readSecrets, showSignedIn } from '../../lib/auth/showSignedIn.ts';
import { signUp } from '../../lib/auth/signUp.ts';
import { envelope } from '../../lib/http/dialects.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { CustomerResource, SignUp } from '../../lib/schemas/account.ts';

export const handler = endpoint(
  {
    operationId: 'signup',
    tag: 'password',
    summary: 'Sign up with a password.',
    description: 'The phone is not verified by this, and is the customer’s only as long as nobody else verifies it.',
    dialect: envelope,
    body: SignUp,
    returns: { 200: CustomerResource },
    fieldErrors: [
      { attr: 'email', code: 'unique' },
      { attr: 'phone', code: 'unique' },
      { attr: 'password', code: 'too_common' },
    ],
    errors: ['unavailable'],
  },
  async ({ body, language, clientAddress }) => {
    await readSecrets();
    const account = await signUp(body, language, clientAddress);
    return showSignedIn(account);
  },
);
