import * as z from 'zod';
import { signedIn } from '../../lib/auth/signedIn.ts';
import { signOut } from '../../lib/auth/signOut.ts';
import { fail } from '../../lib/errors.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { idInPath } from '../../lib/schemas/fields.ts';

export const handler = endpoint(
  {
    operationId: 'revokeSession',
    tag: 'auth',
    summary: 'Sign out somewhere else: end a session and stop pushes to its device.',
    auth: signedIn,
    params: z.object({ id: idInPath }),
    returns: { 204: null },
  },
  async ({ customer, params }) => {
    if (!(await signOut(customer.id, params.id))) fail('notFound');
  },
);
