import * as devices from '../../lib/devices/deviceRepository.ts';
import { Device, DeviceChanges, DeviceInPath, showDevice, storedFields } from '../../lib/devices/deviceSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'devices_partial_update',
    tag: 'devices',
    summary: 'Change a device.',
    description:
      'Omitted fields stay unchanged. A session that sets `active` to true or changes the push token owns the device from then on.',
    auth: signedIn,
    params: DeviceInPath,
    body: DeviceChanges,
    returns: { 200: Device },
    fieldErrors: [{ attr: 'registration_id', code: 'unique' }],
  },
  async ({ session, params, body }) =>
    showDevice(await devices.change(session, params.registration_id, storedFields(body))),
);
