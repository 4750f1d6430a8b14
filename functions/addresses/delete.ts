import * as z from 'zod';
import { deleteAddress } from '../../lib/addresses/addresses.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { idInPath } from '../../lib/http/fields.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'DeleteAddress',
    tag: 'addresses',
    summary: 'Delete an address.',
    description: 'The primary address cannot be deleted. Make another address primary by UpdateCustomer first.',
    auth: signedIn,
    params: z.object({ id: idInPath.describe('The id of the address.') }),
    returns: { 204: null },
    errors: ['cannotDeletePrimaryAddress'],
  },
  ({ customer, params }) => deleteAddress(customer, params.id),
);
