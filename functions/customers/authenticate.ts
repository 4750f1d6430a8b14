import * as z from 'zod';
import { signIn } from '../../lib/auth/signIn.ts';
import { mint } from '../../lib/auth/tokens.ts';
import { languages } from '../../lib/errors.ts';
import { reply } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { Customer, showCustomer } from '../../lib/schemas/customer.ts';
import { SignInDevice } from '../../lib/schemas/device.ts';
import { choice } from '../../lib/schemas/fields.ts';
import { otpCode } from '../../lib/schemas/otp.ts';
import { phoneNumber } from '../../lib/schemas/phone.ts';
import { Tokens } from '../../lib/schemas/tokens.ts';

const SignIn = z.object({ phone_number: phoneNumber, otp: otpCode, device: SignInDevice, language: choice(languages) });
const SignedIn = Tokens.extend({ customer: Customer });

export const handler = endpoint(
  {
    operationId: 'AuthenticateCustomer',
    tag: 'customers',
    summary: 'Sign in with a code, or up when the phone is new.',
    body: SignIn,
    returns: { 200: SignedIn, 201: SignedIn },
    errors: ['otpInvalid', 'otpExpired', 'otpTryLimit'],
  },
  async ({ body: { phone_number: phone, otp: code, device, language } }) => {
    const { customer, country, wallet, session, isNew } = await signIn({ phone, code, device, language });
    const tokens = await mint(session);
    return reply(isNew ? 201 : 200, { ...tokens, customer: showCustomer(customer, phone.number, country, wallet) });
  },
);
