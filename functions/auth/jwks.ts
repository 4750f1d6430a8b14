import { PublicKeys } from '../../lib/auth/tokens.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { secret } from '../../lib/secrets.ts';

export const handler = endpoint(
  {
    operationId: 'getJwks',
    tag: 'auth',
    summary: 'The public keys that access tokens are signed with, as a JWK set.',
    returns: { 200: PublicKeys },
    cacheControl: 'public, max-age=300',
  },
  () => secret('public-keys', PublicKeys),
);
