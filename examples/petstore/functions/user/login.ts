import { isoTime } from '../../../../lib/clock.ts';
import { reply } from '../../../../lib/http/contract.ts';
import { endpoint } from '../../endpoint.ts';
import { Credentials, Token } from '../../schemas.ts';
import { callsPerHour, logIn } from '../../sessions.ts';

export const handler = endpoint(
  {
    operationId: 'loginUser',
    summary: 'Log in, for a bearer token.',
    query: Credentials,
    returns: { 200: Token },
    errors: ['wrongCredentials'],
  },
  async ({ query, clientIp }) => {
    const { token, expiresAtSeconds } = await logIn(query, clientIp);
    const expires = isoTime(expiresAtSeconds);
    return reply(200, token, { 'x-rate-limit': `${callsPerHour}`, 'x-expires-after': expires });
  },
);
