import { signedIn } from '../../lib/auth/signedIn.ts';
import { reply } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import * as devices from '../../lib/repositories/devices.ts';
import { Device, NewDevice, showDevice, storedFields } from '../../lib/schemas/device.ts';

export const handler = endpoint(
  {
    operationId: 'devices_create',
    tag: 'devices',
    summary: 'Register a device for pushes.',
    description:
      '200 when the token was known: the device keeps its id and is now the caller’s. It gets pushes while the session that registers it is active.',
    auth: signedIn,
    body: NewDevice,
    returns: { 200: Device, 201: Device },
  },
  async ({ session, body }) => {
    const { device, isNew } = await devices.register(session, storedFields(body));
    return reply(isNew ? 201 : 200, showDevice(device));
  },
);
