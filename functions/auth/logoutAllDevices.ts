import { removePhoneChange } from '../../lib/customers/cancelPhoneChange.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';
import { signOutEverywhere } from '../../lib/sessions/signOut.ts';

export const handler = endpoint(
  {
    operationId: 'logoutAllDevices',
    tag: 'auth',
    summary: 'End every session of the customer and stop pushes to all their devices.',
    description:
      'All access and refresh tokens of the customer are rejected from the next request on, also those of this device.',
    auth: signedIn,
    returns: { 204: null },
  },
  async ({ customer, session }) => {
    if (customer.phoneChange) await removePhoneChange(customer.id, customer.phoneChange);
    await signOutEverywhere(session);
  },
);
