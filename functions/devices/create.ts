import * as devices from '../../lib/devices/deviceRepository.ts';
import { Device, NewDevice, showDevice, storedFields } from '../../lib/devices/deviceSchema.ts';
import { reply } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'devices_create',
    tag: 'devices',
    summary: 'Register a device for pushes.',
    description:
      '201 for a new device. 200 for a known push token: the device keeps its id and now belongs to the caller. The device gets pushes while the session that registered it is active. A customer has 50 devices by default. One more replaces an inactive device, or else the one that was registered the longest ago.',
    auth: signedIn,
    isIdempotent: true,
    body: NewDevice,
    returns: { 200: Device, 201: Device },
  },
  async ({ customer, session, body, idempotency }) => {
    const given = storedFields(body);
    const { device, isNew } = await devices.registerOnce(customer, session, { given, idempotency });
    return reply(isNew ? 201 : 200, showDevice(device));
  },
);
