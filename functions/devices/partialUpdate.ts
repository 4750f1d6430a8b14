import { signedIn } from '../../lib/auth/signedIn.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import * as devices from '../../lib/repositories/devices.ts';
import { Device, DeviceChanges, DeviceInPath, showDevice, storedFields } from '../../lib/schemas/device.ts';

export const handler = endpoint(
  {
    operationId: 'devices_partial_update',
    tag: 'devices',
    summary: 'Change a device; what is left out stays.',
    auth: signedIn,
    params: DeviceInPath,
    body: DeviceChanges,
    returns: { 200: Device },
    fieldErrors: [{ attr: 'registration_id', code: 'unique' }],
  },
  async ({ customer, params, body }) =>
    showDevice(await devices.change(customer.id, params.registration_id, storedFields(body))),
);
