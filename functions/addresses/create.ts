import { addAddress } from '../../lib/addresses/addresses.ts';
import { Address, NewAddress, showAddress } from '../../lib/addresses/addressSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { multipart } from '../../lib/http/multipart.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'CreateAddress',
    tag: 'addresses',
    summary: 'Add an address and make it the primary one.',
    description:
      'The same request within a minute returns the same address. With an `Idempotency-Key`, the key alone decides: the same key returns the same address, and another key adds another one.',
    auth: signedIn,
    accepts: multipart,
    isIdempotent: true,
    body: NewAddress,
    returns: { 201: Address },
    errors: ['unsupportedRegion', 'regionCountryMismatch', 'addressLimitReached'],
  },
  async ({ customer, body, idempotency }) => showAddress(customer.id, await addAddress(customer, body, idempotency)),
);
