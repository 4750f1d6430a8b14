import * as devices from '../../lib/devices/deviceRepository.ts';
import { Device, DeviceInPath, showDevice } from '../../lib/devices/deviceSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'devices_retrieve',
    tag: 'devices',
    summary: 'Get a device by its push token.',
    description:
      'The push token in the path is URL-encoded. 404 means that the device is not registered, or belongs to another customer.',
    auth: signedIn,
    params: DeviceInPath,
    returns: { 200: Device },
  },
  async ({ customer, params }) => showDevice(await devices.find(customer.id, params.registration_id)),
);
