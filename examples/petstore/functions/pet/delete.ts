import { endpoint } from '../../endpoint.ts';
import { changePet } from '../../pets.ts';
import { Done, done, PetPath } from '../../schemas.ts';
import { keyHolder } from '../../sessions.ts';

export const handler = endpoint(
  { operationId: 'deletePet', summary: 'Delete a pet.', auth: keyHolder, params: PetPath, returns: { 200: Done } },
  ({ params: { petId } }) => changePet(petId, () => undefined).then(() => done(petId)),
);
