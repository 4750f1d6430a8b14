import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';
import { displayLastUseSeconds, isActive } from '../../lib/sessions/sessionRepository.ts';
import { findDeviceOf, Session, showSession } from '../../lib/sessions/sessionSchema.ts';
import { readSessionsAndDevices } from '../../lib/sessions/signOut.ts';

export const handler = endpoint(
  {
    operationId: 'listSessions',
    tag: 'auth',
    summary: 'List the customer’s sessions, most recently used first.',
    description:
      'Each sign-in starts a session. A customer has ten sessions by default. One more sign-in revokes the session that was used the longest ago.',
    auth: signedIn,
    returns: { 200: z.array(Session) },
  },
  async ({ customer, session: current }) => {
    const { open, registered } = await readSessionsAndDevices(customer.id);
    return open
      .filter((session) => isActive(session, customer))
      .toSorted((a, b) => displayLastUseSeconds(b, current.id) - displayLastUseSeconds(a, current.id))
      .map((session) => showSession(session, findDeviceOf(session, registered), current.id));
  },
);
