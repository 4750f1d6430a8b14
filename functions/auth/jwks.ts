import { endpoint } from '../../lib/http/endpoint.ts';
import { PublicKeys, readPublicKeys } from '../../lib/sessions/publicKeys.ts';

export const handler = endpoint(
  {
    operationId: 'getJwks',
    tag: 'auth',
    summary: 'The public keys that access tokens are signed with, as a JWK set.',
    description:
      'For services that verify access tokens by themselves. Apps do not need them. Fetch it again for an unknown `kid`.',
    returns: { 200: PublicKeys },
    errors: ['unavailable'],
    cacheControl: 'public, max-age=300',
  },
  async () => (await readPublicKeys()).shown,
);
