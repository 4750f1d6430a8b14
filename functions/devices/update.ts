import * as devices from '../../lib/devices/deviceRepository.ts';
import { Device, DeviceInPath, NewDevice, showDevice, storedFields } from '../../lib/devices/deviceSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'devices_update',
    tag: 'devices',
    summary: 'Replace a device.',
    description:
      'Without `active` the device becomes active. `name` and `device_id` stay if they are omitted. A session that sets `active` to true or changes the push token owns the device from then on.',
    auth: signedIn,
    params: DeviceInPath,
    body: NewDevice,
    returns: { 200: Device },
    fieldErrors: [{ attr: 'registration_id', code: 'unique' }],
  },
  async ({ session, params, body }) =>
    showDevice(await devices.change(session, params.registration_id, storedFields(body))),
);
