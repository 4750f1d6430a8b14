import * as z from 'zod';
import { changeAddress } from '../../lib/addresses/addresses.ts';
import { Address, AddressChanges, showAddress } from '../../lib/addresses/addressSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { idInPath } from '../../lib/http/fields.ts';
import { multipart } from '../../lib/http/multipart.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'UpdateAddress',
    tag: 'addresses',
    summary: 'Change an address.',
    description:
      'Omitted fields stay unchanged. `null` (or `""`) clears an optional field; in a form, an empty field changes nothing.',
    auth: signedIn,
    accepts: multipart,
    params: z.object({ id: idInPath.describe('The id of the address.') }),
    body: AddressChanges,
    returns: { 200: Address },
    errors: ['unsupportedRegion', 'regionCountryMismatch'],
  },
  async ({ customer, params, body }) => showAddress(customer.id, await changeAddress(customer, params.id, body)),
);
