import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { envelope } from '../../lib/http/errorFormats.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';
import { signOut } from '../../lib/sessions/signOut.ts';

export const handler = endpoint(
  {
    operationId: 'logout',
    tag: 'password',
    summary: 'End this session.',
    description: 'The access and the refresh token of this session are rejected from the next request on.',
    errorFormat: envelope,
    auth: signedIn,
    returns: { 200: z.null() },
  },
  async ({ customer, session }) => {
    await signOut(customer.id, session.id);
    return null;
  },
);
