import { signedIn } from '../../lib/auth/signedIn.ts';
import { signOutEverywhere } from '../../lib/auth/signOut.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    operationId: 'logoutAllDevices',
    tag: 'auth',
    summary: 'End every session of the customer and stop pushes to all their devices.',
    description:
      'All access and refresh tokens of the customer are rejected from the next request on, those of this device included.',
    auth: signedIn,
    returns: { 204: null },
  },
  ({ session }) => signOutEverywhere(session),
);
