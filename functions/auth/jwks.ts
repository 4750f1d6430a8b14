import { endpoint } from '../../lib/http/endpoint.ts';
import { PublicKeys, readPublicKeys } from '../../lib/sessions/publicKeys.ts';

export const handler = endpoint(
  {
    operationId: 'getJwks',
    tag: 'auth',
    summary: 'Get the public keys that verify access tokens, as a JWK set.',
    description:
      'For services that verify access tokens themselves. Apps do not need the keys. Fetch the set again for an unknown `kid`.',
    returns: { 200: PublicKeys },
    errors: ['unavailable'],
    cacheControl: 'public, max-age=300',
  },
  async () => (await readPublicKeys()).shown,
);
