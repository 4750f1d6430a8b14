import { urlencoded } from '../../../../lib/http/urlencoded.ts';
import { endpoint, strict } from '../../endpoint.ts';
import { changePet } from '../../pets.ts';
import { Done, done, Pet, PetChanges, PetPath } from '../../schemas.ts';
import { caller } from '../../sessions.ts';

export const handler = endpoint(
  {
    operationId: 'updatePetWithForm',
    summary: 'Change the name or the status of a pet by a form.',
    errorFormat: strict,
    auth: caller,
    params: PetPath,
    accepts: urlencoded,
    body: PetChanges,
    needsBody: false,
    returns: { 200: Done },
  },
  async ({ params, body }) => {
    await changePet(params.petId, (pet) => Pet.parse({ ...pet, ...body }));
    return done(params.petId);
  },
);
