import { endpoint } from '../../lib/http/endpoint.ts';
import { envelope } from '../../lib/http/errorFormats.ts';
import { CustomerResource, SignUp } from '../../lib/passwords/accountSchema.ts';
import { readSignInSecrets, showSignedIn } from '../../lib/passwords/showSignedIn.ts';
import { signUp } from '../../lib/passwords/signUp.ts';

export const handler = endpoint(
  {
    operationId: 'signup',
    tag: 'password',
    summary: 'Sign up with a password.',
    description:
      'The phone is not verified yet. It belongs to the customer until another customer verifies it. `unique` for `phone` means that another account has it: its owner signs in with a code.',
    errorFormat: envelope,
    isIdempotent: true,
    body: SignUp,
    returns: { 200: CustomerResource },
    fieldErrors: [
      { attr: 'email', code: 'unique' },
      { attr: 'phone', code: 'unique' },
      { attr: 'password', code: 'too_common' },
    ],
    errors: ['unavailable'],
  },
  async ({ body, language, clientIp, idempotency }) => {
    await readSignInSecrets();
    const account = await signUp(body, { language, clientIp, idempotency });
    return showSignedIn(account);
  },
);
