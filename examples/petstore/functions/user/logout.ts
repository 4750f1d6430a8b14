import { write } from '../../../../lib/table/table.ts';
import { endpoint } from '../../endpoint.ts';
import { Done, done } from '../../schemas.ts';
import { caller } from '../../sessions.ts';

export const handler = endpoint(
  { operationId: 'logoutUser', summary: 'End the session of the token.', auth: caller, returns: { 200: Done } },
  async ({ user }) => {
    if (user) await write({ kind: 'delete', key: user.session });
    return done('ok');
  },
);
