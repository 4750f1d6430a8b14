import { endpoint, petstore } from '../../endpoint.ts';
import { changePet } from '../../pets.ts';
import { Pet } from '../../schemas.ts';
import { caller } from '../../sessions.ts';

export const handler = endpoint(
  {
    operationId: 'updatePet',
    summary: 'Replace a pet.',
    errorFormat: petstore(405, 400),
    auth: caller,
    body: Pet,
    returns: { 200: Pet },
    errors: ['notFound'],
  },
  ({ body }) => changePet(body.id, () => body),
);
