import { endpoint } from '../../endpoint.ts';
import { Done, done, UserChanges, UserPath } from '../../schemas.ts';
import { caller, self } from '../../sessions.ts';
import { replaceUser } from '../../users.ts';

export const handler = endpoint(
  {
    operationId: 'updateUser',
    summary: 'Replace what is known of the user who calls.',
    auth: caller,
    params: UserPath,
    body: UserChanges,
    returns: { 200: Done },
    errors: ['permissionDenied'],
  },
  async ({ params, body, user }) => done(await replaceUser(self(user, params.username), body)),
);
