import { endpoint, strict } from '../../endpoint.ts';
import { addPet } from '../../pets.ts';
import { NewPet, Pet } from '../../schemas.ts';
import { caller } from '../../sessions.ts';

export const handler = endpoint(
  {
    operationId: 'addPet',
    summary: 'Add a pet.',
    errorFormat: strict,
    auth: caller,
    body: NewPet,
    returns: { 200: Pet },
  },
  ({ body }) => addPet(body),
);
