import { endpoint } from '../../endpoint.ts';
import { Done, done, NewUsers } from '../../schemas.ts';
import { addUsers } from '../../users.ts';

export const handler = endpoint(
  { operationId: 'createUsersWithListInput', summary: 'Add users.', body: NewUsers, returns: { 200: Done } },
  ({ body }) => addUsers(body).then(() => done('ok')),
);
