import { signedIn } from '../../lib/auth/signedIn.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { multipart } from '../../lib/http/multipart.ts';
import { changeProfile, readProfile } from '../../lib/profile.ts';
import { Customer } from '../../lib/schemas/customer.ts';
import { CustomerChanges } from '../../lib/schemas/customerChanges.ts';

export const handler = endpoint(
  {
    operationId: 'UpdateCustomer',
    tag: 'customers',
    summary: 'Change the signed-in customer.',
    description: 'What is left out stays. `null` and, where a field may be empty, `""` clear it.',
    auth: signedIn,
    accepts: multipart,
    body: CustomerChanges,
    returns: { 200: Customer },
    fieldErrors: [
      { attr: 'primary_address', code: 'does_not_exist' },
      { attr: 'email', code: 'unique' },
    ],
  },
  async ({ customer, body }) => {
    await changeProfile(customer, body);
    return readProfile(customer.id);
  },
);
