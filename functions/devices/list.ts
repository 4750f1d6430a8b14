import * as z from 'zod';
import * as devices from '../../lib/devices/deviceRepository.ts';
import { Device, showDevice } from '../../lib/devices/deviceSchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'devices_list',
    tag: 'devices',
    summary: "List the customer's devices, the newest first.",
    description: 'A customer has 50 devices by default, so the list has no pages.',
    auth: signedIn,
    returns: { 200: z.array(Device) },
  },
  async ({ customer }) => {
    const all = await devices.listByCustomer(customer.id);
    return all.toSorted((a, b) => b.createdAtSeconds - a.createdAtSeconds).map(showDevice);
  },
);
