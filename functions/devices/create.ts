import { signedIn } from '../../lib/auth/signedIn.ts';
import { reply } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import * as devices from '../../lib/repositories/devices.ts';
import * as sessions from '../../lib/repositories/sessions.ts';
import { Device, NewDevice, showDevice, storedFields } from '../../lib/schemas/device.ts';

export const handler = endpoint(
  {
    operationId: 'devices_create',
    tag: 'devices',
    summary: 'Register a device for pushes.',
    description: '200 when the token was known: the device keeps its id and is now the caller’s.',
    auth: signedIn,
    body: NewDevice,
    returns: { 200: Device, 201: Device },
  },
  async ({ customer, session, body }) => {
    const { device, isNew } = await devices.register(customer.id, storedFields(body));
    if (!session.registrationId) await sessions.join(session, device.registrationId);
    return reply(isNew ? 201 : 200, showDevice(device));
  },
);
