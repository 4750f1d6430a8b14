import { remove } from '../../../../lib/repositories/items.ts';
import { endpoint } from '../../endpoint.ts';
import { userKey } from '../../keys.ts';
import { Done, done, UserPath } from '../../schemas.ts';
import { caller, self } from '../../sessions.ts';

export const handler = endpoint(
  {
    operationId: 'deleteUser',
    summary: 'Delete the user who calls.',
    auth: caller,
    params: UserPath,
    returns: { 200: Done },
    errors: ['permissionDenied'],
  },
  async ({ params: { username }, user }) => {
    await remove(userKey(self(user, username)));
    return done(username);
  },
);
