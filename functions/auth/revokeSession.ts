import * as z from 'zod';
import { signedIn } from '../../lib/auth/signedIn.ts';
import { fail } from '../../lib/errors.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import * as devices from '../../lib/repositories/devices.ts';
import * as sessions from '../../lib/repositories/sessions.ts';
import { write } from '../../lib/repositories/table.ts';
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
    const session = (await sessions.revoke(customer.id, params.id)) ?? fail('notFound');
    await write(devices.deactivation(customer.id, session.registrationId));
  },
);
