import { endpoint } from '../../endpoint.ts';
import { statusPartition } from '../../keys.ts';
import { findPets } from '../../pets.ts';
import { ByStatus, Pets } from '../../schemas.ts';
import { caller } from '../../sessions.ts';

export const handler = endpoint(
  { operationId: 'findPetsByStatus', summary: 'Find pets.', auth: caller, query: ByStatus, returns: { 200: Pets } },
  ({ query }) => findPets(query.status.map(statusPartition)),
);
