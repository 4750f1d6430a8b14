import { Customer } from '../../lib/customers/customerSchema.ts';
import { CustomerChanges } from '../../lib/customers/customerUpdateSchema.ts';
import { changeProfile, readProfile } from '../../lib/customers/profile.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { multipart } from '../../lib/http/multipart.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'UpdateCustomer',
    tag: 'customers',
    summary: 'Change the signed-in customer.',
    description:
      'Omitted fields stay unchanged. `null` (or `""`) clears a field; in a form, an empty field changes nothing. Fields that are not listed, such as `phone_number`, are ignored. verifyPhone sets an unverified phone, and updateWallet changes the wallet. If the customer has a password, a change of `email` requires a sign-in or `reauthenticate` within the last ten minutes.',
    auth: signedIn,
    accepts: multipart,
    body: CustomerChanges,
    returns: { 200: Customer },
    errors: ['reauthenticationRequired'],
    fieldErrors: [
      { attr: 'primary_address', code: 'does_not_exist' },
      { attr: 'email', code: 'unique' },
    ],
  },
  async ({ body, clientIp, ...caller }) => {
    await changeProfile(caller, body, clientIp);
    return readProfile(caller.customer.id);
  },
);
