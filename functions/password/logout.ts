import * as z from 'zod';
import { signedIn } from '../../lib/auth/signedIn.ts';
import { signOut } from '../../lib/auth/signOut.ts';
import { envelope } from '../../lib/http/dialects.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    operationId: 'logout',
    tag: 'password',
    summary: 'End the session.',
    description: 'The access and the refresh token of this session are rejected from the next request on.',
    dialect: envelope,
    auth: signedIn,
    returns: { 200: z.null() },
  },
  async ({ customer, session }) => {
    await signOut(customer.id, session.id);
    return null;
  },
);
