import { find } from '../../../../lib/table/items.ts';
import { endpoint } from '../../endpoint.ts';
import { userKey } from '../../keys.ts';
import { User, UserPath } from '../../schemas.ts';

export const handler = endpoint(
  { operationId: 'getUserByName', summary: 'A user.', params: UserPath, returns: { 200: User } },
  ({ params }) => find(userKey(params.username), User),
);
