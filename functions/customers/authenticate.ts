import * as z from 'zod';
import { phoneNumber } from '../../lib/countries/phoneSchema.ts';
import { Customer, showCustomer } from '../../lib/customers/customerSchema.ts';
import { SignInDevice } from '../../lib/devices/deviceSchema.ts';
import { reply } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { choice } from '../../lib/http/fields.ts';
import { languages } from '../../lib/languages.ts';
import { identifyOtpCaller, issueDeviceToken } from '../../lib/otp/deviceToken.ts';
import { deviceToken, issuedDeviceToken, otpCode } from '../../lib/otp/otpSchema.ts';
import { issueTokens, readSigningKey } from '../../lib/sessions/jwt.ts';
import { secondProofFields } from '../../lib/sessions/secondProof.ts';
import { signIn } from '../../lib/sessions/signIn.ts';
import { Tokens } from '../../lib/sessions/tokenSchema.ts';

const SignIn = z.object({
  phone_number: phoneNumber,
  otp: otpCode,
  device: SignInDevice,
  language: choice(languages).describe('Becomes the language of the customer.'),
  device_token: deviceToken,
  ...secondProofFields,
});
const SignInResponse = Tokens.extend({ customer: Customer, device_token: issuedDeviceToken });

export const handler = endpoint(
  {
    operationId: 'AuthenticateCustomer',
    tag: 'customers',
    summary: 'Sign in with a code. A new phone signs up.',
    description:
      '200 for an existing customer. 201 for a new one with an empty profile: show the registration form. `language` becomes the language of the customer. A device with a push token is registered for pushes. Keep both tokens and `device_token` in the secure storage of the phone. If the response is lost, repeat the same request within 60 seconds, by default: the same device on the same network gets the same session, as long as its refresh token is unused.',
    isIdempotent: true,
    body: SignIn,
    returns: { 200: SignInResponse, 201: SignInResponse },
    errors: [
      'otpInvalid',
      'otpExpired',
      'otpAttemptLimit',
      'accountSuspended',
      'secondProofRequired',
      'wrongCredentials',
      'unavailable',
    ],
  },
  async ({
    body: { phone_number: phone, otp: code, device_token: deviceToken, device, language, ...proof },
    ...input
  }) => {
    const { clientIp, idempotency } = input;
    const [caller] = await Promise.all([identifyOtpCaller(clientIp, deviceToken, phone.number), readSigningKey()]);
    const signedIn = await signIn({ phone, code, caller, deviceToken, idempotency, device, language, proof });
    const { customer, country, wallet, session, isNew } = signedIn;
    const [tokens, newDeviceToken] = await Promise.all([issueTokens(session), issueDeviceToken(customer.id)]);
    return reply(isNew ? 201 : 200, {
      ...tokens,
      customer: showCustomer(customer, country, wallet),
      device_token: newDeviceToken,
    });
  },
);
