import * as z from 'zod';
import { Device, PushTokenClaim } from './devices.ts';
import { deviceKey, endpointKey, pushTokenClaimKey } from './keys.ts';
import { readAll, write } from './table.ts';

/** The SNS endpoint of a push token. It belongs to the token, whoever holds that. */
const Endpoint = z.object({ arn: z.string() });

/** Who holds a push token, with which device, and its endpoint, as far as there are any. */
export async function holderOf(registrationId: string) {
  const [claim, endpoint] = await readAll([
    { key: pushTokenClaimKey(registrationId), as: PushTokenClaim },
    { key: endpointKey(registrationId), as: Endpoint },
  ]);
  if (!claim) return { device: undefined, arn: endpoint?.arn };
  const [device] = await readAll([{ key: deviceKey(claim.customerId, registrationId), as: Device }]);
  return { device, arn: endpoint?.arn };
}

/** A customer's device and its endpoint as they are at this moment; no device once the push token is somebody else's. */
export async function deviceWithEndpoint(customerId: number, registrationId: string) {
  const [claim, device, endpoint] = await readAll([
    { key: pushTokenClaimKey(registrationId), as: PushTokenClaim },
    { key: deviceKey(customerId, registrationId), as: Device },
    { key: endpointKey(registrationId), as: Endpoint },
  ]);
  return { device: claim?.customerId === customerId ? device : undefined, arn: endpoint?.arn };
}

export function save(registrationId: string, arn: string): Promise<unknown> {
  return write({ kind: 'put', key: endpointKey(registrationId), item: { arn } satisfies z.input<typeof Endpoint> });
}

export function forget(registrationId: string, arn: string): Promise<unknown> {
  return write({ kind: 'delete', key: endpointKey(registrationId), condition: '#arn = :arn', values: { ':arn': arn } });
}
