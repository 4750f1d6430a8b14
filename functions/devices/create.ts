import * as devices from '../../lib/devices/deviceRepository.ts';
import { Device, NewDevice, showDevice, storedFields } from '../../lib/devices/deviceSchema.ts';
import { reply } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticate.ts';

export const handler = endpoint(
  {
    operationId: 'devices_create',
    tag: 'devices',
    summary: 'Register a device for pushes.',
    description:
      '200 when the token was known: the device keeps its id and is now the caller’s. It gets pushes while the session that registers it is active. A customer has 50 devices at most: one more removes an inactive one, or else the one that was registered the longest ago.',
    auth: signedIn,
    body: NewDevice,
    returns: { 200: Device, 201: Device },
  },
  async ({ customer, session, body }) => {
    const { device, isNew } = await devices.register(customer, session, storedFields(body));
    return reply(isNew ? 201 : 200, showDevice(device));
  },
);
