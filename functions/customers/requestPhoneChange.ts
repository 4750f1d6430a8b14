import * as z from 'zod';
import { isoTime } from '../../lib/clock.ts';
import { phoneNumber } from '../../lib/countries/phoneSchema.ts';
import { RequestedChange, repeatWarning, requestPhoneChange } from '../../lib/customers/requestPhoneChange.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { id } from '../../lib/http/fields.ts';
import { runOnce } from '../../lib/idempotency/idempotencyRecord.ts';
import { otpCode } from '../../lib/otp/otpSchema.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

const PhoneChangeRequest = z
  .object({
    id: id.describe('Identifies the request, to cancel it.'),
    effective_at: z.iso.datetime().describe('When the phone changes, unless the request is cancelled.'),
  })
  .meta({ id: 'PhoneChangeRequest', description: 'A change of the phone that waits.' });

export const handler = endpoint(
  {
    operationId: 'requestPhoneChange',
    tag: 'customers',
    summary: 'Request a new phone after losing the old one.',
    description:
      'For customers who can no longer use the old phone and have no password. Send a code of the type `phone_change` to the new phone first. The change takes effect after 72 hours, by default. Until then it can be cancelled on every signed-in device, and by a link in an SMS to the old phone, and no money can leave the wallet. When it takes effect, all other sessions end.',
    auth: signedIn,
    isIdempotent: true,
    body: z.object({
      phone_number: phoneNumber,
      otp: otpCode.describe('The code of the type `phone_change` that the new phone got.'),
    }),
    returns: { 202: PhoneChangeRequest },
    fieldErrors: [{ attr: 'phone_number', code: 'unique' }],
    errors: [
      'reauthenticationRequired',
      'phoneChangePending',
      'smsOptedOut',
      'otpInvalid',
      'otpExpired',
      'otpAttemptLimit',
    ],
  },
  async ({ body: { phone_number: phone, otp }, clientIp, url, idempotency, ...caller }) => {
    const linkBase = `${url.slice(0, url.lastIndexOf('/api/'))}/api/phone-changes/`;
    const change = await runOnce(caller.customer.id, idempotency, {
      run: (record) => requestPhoneChange(caller, { phone, otp, clientIp, record }, linkBase),
      repeat: async (result) => {
        const requested = RequestedChange.parse(result);
        await repeatWarning(caller.customer, requested, linkBase);
        return requested;
      },
    });
    return { id: change.id, effective_at: isoTime(change.effectiveAtSeconds) };
  },
);
