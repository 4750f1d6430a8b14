import * as z from 'zod';
import * as addresses from '../../lib/addresses/addressRepository.ts';
import { Address, showAddress } from '../../lib/addresses/addressSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'ListAddresses',
    tag: 'addresses',
    summary: "List the customer's addresses: the primary one, then the newest first.",
    description: 'A customer has 50 addresses by default, so the list has no pages.',
    auth: signedIn,
    returns: { 200: z.array(Address) },
  },
  async ({ customer }) => {
    const all = await addresses.listByCustomer(customer.id);
    const isPrimary = ({ id }: addresses.Address) => id === customer.primaryAddressId;
    return [...all.filter(isPrimary), ...all.filter((address) => !isPrimary(address))].map((address) =>
      showAddress(customer.id, address),
    );
  },
);
