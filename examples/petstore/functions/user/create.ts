import { endpoint } from '../../endpoint.ts';
import { Done, done, NewUser } from '../../schemas.ts';
import { addUsers } from '../../users.ts';

export const handler = endpoint(
  { operationId: 'createUser', summary: 'Add a user.', body: NewUser, returns: { 200: Done } },
  ({ body }) => addUsers(body).then(() => done(body.id)),
);
