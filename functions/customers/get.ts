import * as countries from '../../lib/countries/countryRepository.ts';
import { Customer, showCustomer } from '../../lib/customers/customerSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedInWithWallet } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'GetCustomerDetails',
    tag: 'customers',
    summary: 'Get the signed-in customer.',
    description:
      'Call it when the app starts, to show the profile, the country and the wallet. 401 `token_not_valid` means that the access token has expired: refresh it and repeat the request.',
    auth: signedInWithWallet,
    returns: { 200: Customer },
  },
  async ({ customer, wallet }) => showCustomer(customer, await countries.find(customer.countryCode), wallet),
);
