import { signedIn } from '../../lib/auth/signedIn.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import * as countries from '../../lib/repositories/countries.ts';
import { shownPhone } from '../../lib/repositories/customers.ts';
import * as wallets from '../../lib/repositories/wallets.ts';
import { Customer, showCustomer } from '../../lib/schemas/customer.ts';

export const handler = endpoint(
  {
    operationId: 'GetCustomerDetails',
    tag: 'customers',
    summary: 'The signed-in customer.',
    auth: signedIn,
    returns: { 200: Customer },
  },
  async ({ customer }) => {
    const [phone, country, wallet] = await Promise.all([
      shownPhone(customer),
      countries.find(customer.countryCode),
      wallets.ofCustomer(customer.id),
    ]);
    return showCustomer(customer, phone, country, wallet);
  },
);
