import * as customers from '../../lib/customers/customerRepository.ts';
import { fail } from '../../lib/errors.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'DeleteCustomer',
    tag: 'customers',
    summary: 'Erase the signed-in customer.',
    description:
      'Sessions end at once, and the phone and the e-mail address are free again. All other data is erased within moments. Wallet entries stay, without a name.',
    auth: signedIn,
    returns: { 204: null },
  },
  async ({ customer }) => {
    if (!(await customers.remove(customer))) fail('authenticationFailed');
  },
);
