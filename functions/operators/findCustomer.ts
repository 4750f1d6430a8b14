import { internalFunction } from '../../lib/http/internalFunction.ts';
import { CustomerLookup, FoundCustomer, findCustomer } from '../../lib/operators/customerLookup.ts';

export const handler = internalFunction(
  {
    summary: 'Find a customer by phone, e-mail address or id, with sessions, devices, wallet and suspension.',
    input: CustomerLookup,
    returns: FoundCustomer,
    errors: ['customerNotFound'],
  },
  findCustomer,
);
