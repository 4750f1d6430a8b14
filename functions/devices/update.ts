import { signedIn } from '../../lib/auth/signedIn.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import * as devices from '../../lib/repositories/devices.ts';
import { Device, DeviceInPath, NewDevice, showDevice, storedFields } from '../../lib/schemas/device.ts';

export const handler = endpoint(
  {
    operationId: 'devices_update',
    tag: 'devices',
    summary: 'Replace what is known of a device.',
    description: '`active` is true when it is left out; `name` and `device_id` stay.',
    auth: signedIn,
    params: DeviceInPath,
    body: NewDevice,
    returns: { 200: Device },
    fieldErrors: [{ attr: 'registration_id', code: 'unique' }],
  },
  async ({ customer, params, body }) =>
    showDevice(await devices.change(customer.id, params.registration_id, storedFields(body))),
);
