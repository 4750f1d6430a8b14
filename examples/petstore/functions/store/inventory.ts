import { endpoint } from '../../endpoint.ts';
import { countPets } from '../../pets.ts';
import { Inventory } from '../../schemas.ts';
import { caller } from '../../sessions.ts';

export const handler = endpoint(
  { operationId: 'getInventory', summary: 'Count pets by status.', auth: caller, returns: { 200: Inventory } },
  countPets,
);
