import { find } from '../../../../lib/table/items.ts';
import { endpoint } from '../../endpoint.ts';
import { petKey } from '../../keys.ts';
import { Pet, PetPath } from '../../schemas.ts';
import { caller } from '../../sessions.ts';

export const handler = endpoint(
  { operationId: 'getPetById', summary: 'A pet.', auth: caller, params: PetPath, returns: { 200: Pet } },
  ({ params }) => find(petKey(params.petId), Pet),
);
