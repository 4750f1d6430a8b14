import * as devices from '../../lib/devices/deviceRepository.ts';
import { DeviceInPath } from '../../lib/devices/deviceSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'devices_destroy',
    tag: 'devices',
    summary: 'Delete a device, so that it gets no more pushes.',
    description: 'The push token in the path is URL-encoded. The session stays signed in.',
    auth: signedIn,
    params: DeviceInPath,
    returns: { 204: null },
  },
  ({ customer, params }) => devices.remove(customer.id, params.registration_id),
);
