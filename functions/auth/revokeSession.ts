import * as z from 'zod';
import { fail } from '../../lib/errors.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { idInPath } from '../../lib/http/fields.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';
import { signOut } from '../../lib/sessions/signOut.ts';

export const handler = endpoint(
  {
    operationId: 'revokeSession',
    tag: 'auth',
    summary: 'End a session on another device and stop pushes to that device.',
    description: 'Its tokens are rejected from the next request on. The id comes from listSessions.',
    auth: signedIn,
    params: z.object({ id: idInPath.describe('The id of the session.') }),
    returns: { 204: null },
  },
  async ({ customer, params }) => {
    if (!(await signOut(customer.id, params.id))) fail('notFound');
  },
);
