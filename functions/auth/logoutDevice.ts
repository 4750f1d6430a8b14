import * as z from 'zod';
import { readStoredToken } from '../../lib/devices/deviceRepository.ts';
import { registrationId } from '../../lib/devices/deviceSchema.ts';
import { deactivateDeviceWrite } from '../../lib/devices/deviceWrites.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { clearable } from '../../lib/http/fields.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';
import { verifyRefreshToken } from '../../lib/sessions/jwt.ts';
import * as sessions from '../../lib/sessions/sessionRepository.ts';
import { refreshToken } from '../../lib/sessions/tokenSchema.ts';
import { write } from '../../lib/table/table.ts';

export const handler = endpoint(
  {
    operationId: 'logoutDevice',
    tag: 'auth',
    summary: 'End the session of a refresh token and stop pushes to the device.',
    description: 'Call it on sign-out, then delete the tokens. An unknown or expired refresh token is ignored.',
    auth: signedIn,
    body: z.object({
      refresh_token: refreshToken,
      registration_id: clearable(registrationId).describe('The push token. Empty when the app has none.'),
    }),
    returns: { 204: null },
  },
  async ({ customer, body }) => {
    const claims = await verifyRefreshToken(body.refresh_token);
    // The session is revoked last: if a write fails before, the caller is still signed in and can
    // retry.
    if (body.registration_id) {
      const registrationId = await readStoredToken(customer.id, body.registration_id);
      await write(deactivateDeviceWrite(customer.id, registrationId));
    }
    if (claims?.customerId === customer.id)
      await write(sessions.revokeSessionWrite({ customerId: customer.id, id: claims.sessionId }));
  },
);
