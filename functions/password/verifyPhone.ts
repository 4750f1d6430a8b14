import * as z from 'zod';
import { findSession, signedIn } from '../../lib/auth/signedIn.ts';
import { mint } from '../../lib/auth/tokens.ts';
import { verifyPhone } from '../../lib/auth/verifyPhone.ts';
import { fail } from '../../lib/errors.ts';
import { envelope } from '../../lib/http/dialects.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import * as wallets from '../../lib/repositories/wallets.ts';
import { CustomerResource, showAccount } from '../../lib/schemas/account.ts';
import { clearable } from '../../lib/schemas/fields.ts';
import { otpCode } from '../../lib/schemas/otp.ts';
import { phoneNumber } from '../../lib/schemas/phone.ts';

export const handler = endpoint(
  {
    operationId: 'verifyPhone',
    tag: 'password',
    summary: 'Verify the phone of the signed-in customer by a code; without one, a code is sent.',
    dialect: envelope,
    auth: signedIn,
    description: '`phone` is for another one than was given at the sign-up, and goes with both calls.',
    body: z.object({ phone: clearable(phoneNumber).optional(), verification_code: clearable(otpCode).optional() }),
    returns: { 200: CustomerResource },
    fieldErrors: [{ attr: 'phone', code: 'unique' }],
    errors: ['phoneNotVerified', 'otpSendLimit', 'otpInvalid', 'otpExpired', 'otpTryLimit'],
    attrs: { otpInvalid: 'verification_code', otpExpired: 'verification_code' },
  },
  async ({ customer: before, session: { id }, body: { phone, verification_code: code }, language, clientAddress }) => {
    const customer = await verifyPhone(before, { phone, code, language, clientAddress });
    // The client may have refreshed meanwhile, and a token that does not follow that would pass for a stolen one.
    const [wallet, { session }] = await Promise.all([
      wallets.ofCustomer(customer.id),
      findSession({ customerId: customer.id, sessionId: id }),
    ]);
    const tokens = await mint(session ?? fail('tokenNotValid'));
    return showAccount({ customer, phone: customer.phoneNumber, wallet, tokens });
  },
);
