import { endpoint } from '../../endpoint.ts';
import { Done, done, UserPath } from '../../schemas.ts';
import { caller, self } from '../../sessions.ts';
import { deleteUser } from '../../users.ts';

export const handler = endpoint(
  {
    operationId: 'deleteUser',
    summary: 'Delete the user who calls.',
    auth: caller,
    params: UserPath,
    returns: { 200: Done },
    errors: ['permissionDenied'],
  },
  async ({ params, user }) => done(await deleteUser(self(user, params.username))),
);
