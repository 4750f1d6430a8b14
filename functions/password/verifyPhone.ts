import * as z from 'zod';
import { phoneNumber } from '../../lib/countries/phoneSchema.ts';
import { verifyPhone } from '../../lib/customers/verifyPhone.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { envelope } from '../../lib/http/errorFormats.ts';
import { clearable } from '../../lib/http/fields.ts';
import { otpCode } from '../../lib/otp/otpSchema.ts';
import { CurrentCustomer, showAccount } from '../../lib/passwords/accountSchema.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';
import * as wallets from '../../lib/wallet/walletRepository.ts';

export const handler = endpoint(
  {
    operationId: 'verifyPhone',
    tag: 'password',
    summary: 'Verify the phone of the signed-in customer. Without a code, send one.',
    errorFormat: envelope,
    auth: signedIn,
    description:
      'To verify another number than the one of the sign-up, or after another customer has verified that one, send `phone` in both calls. This requires a sign-in or `reauthenticate` within the last ten minutes, by default. `token` is the token of the request.',
    body: z.object({
      phone: clearable(phoneNumber).optional().describe('A phone other than the one of the sign-up.'),
      verification_code: clearable(otpCode).optional().describe('The six digits of the SMS. Omit it to get a code.'),
    }),
    returns: { 200: CurrentCustomer },
    fieldErrors: [
      { attr: 'phone', code: 'required' },
      { attr: 'phone', code: 'unique' },
    ],
    errors: [
      'reauthenticationRequired',
      'phoneNotVerified',
      'otpSendLimit',
      'smsOptedOut',
      'otpInvalid',
      'otpExpired',
      'otpAttemptLimit',
    ],
    attrs: { otpInvalid: 'verification_code', otpExpired: 'verification_code' },
  },
  async ({ body: { phone, verification_code: code }, language, clientIp, ...caller }) => {
    const customer = await verifyPhone(caller, { phone, code, language, clientIp });
    const wallet = await wallets.findByCustomer(customer.id);
    return showAccount({ customer, wallet, token: caller.accessToken });
  },
);
