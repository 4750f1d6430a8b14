import { endpoint } from '../../endpoint.ts';
import { tagPartition } from '../../keys.ts';
import { findPets } from '../../pets.ts';
import { ByTags, Pets } from '../../schemas.ts';
import { caller } from '../../sessions.ts';

export const handler = endpoint(
  { operationId: 'findPetsByTags', summary: 'Find pets.', auth: caller, query: ByTags, returns: { 200: Pets } },
  ({ query }) => findPets(query.tags.map(tagPartition)),
);
