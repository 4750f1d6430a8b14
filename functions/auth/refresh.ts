import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { rotateRefreshToken } from '../../lib/sessions/rotateRefreshToken.ts';
import { refreshToken, Tokens } from '../../lib/sessions/tokenSchema.ts';

export const handler = endpoint(
  {
    operationId: 'refresh_token_create',
    tag: 'auth',
    summary: 'Get new tokens for a refresh token.',
    description:
      'Replace the refresh token by the new one after each refresh. If the response is lost, send the same token again.',
    body: z.object({ refresh: refreshToken }),
    returns: { 200: Tokens },
    errors: ['tokenNotValid', 'unavailable'],
  },
  ({ body }) => rotateRefreshToken(body.refresh),
);
