import * as z from 'zod';
import { deviceKey, pushEndpointKey, pushTokenClaimKey } from '../table/keys.ts';
import { readAll, write } from '../table/table.ts';
import { Device, PushTokenClaim } from './device.ts';

/** The SNS endpoint of a push token. It stays with the token when its holder changes. */
export const PushEndpoint = z.object({
  arn: z.string(),
  /**
   * The `registeredAtMs` of the device that the endpoint was last enabled for. It is 0 once it is
   * disabled.
   */
  enabledForMs: z.int(),
});
export type PushEndpoint = z.infer<typeof PushEndpoint>;

export async function readDeviceAndEndpoint(
  registrationId: string,
): Promise<{ device: Device | undefined; endpoint: PushEndpoint | undefined }> {
  const [claim, endpoint] = await readAll([
    { key: pushTokenClaimKey(registrationId), as: PushTokenClaim },
    { key: pushEndpointKey(registrationId), as: PushEndpoint },
  ]);
  if (!claim) return { device: undefined, endpoint };
  const [device] = await readAll([{ key: deviceKey(claim.customerId, registrationId), as: Device }]);
  return { device, endpoint };
}

export function save(registrationId: string, endpoint: PushEndpoint): Promise<unknown> {
  return write({ kind: 'put', key: pushEndpointKey(registrationId), item: endpoint });
}

/** Deletes a push endpoint, unless the token has another one by now. */
export function remove(registrationId: string, { arn }: PushEndpoint): Promise<unknown> {
  return write({
    kind: 'delete',
    key: pushEndpointKey(registrationId),
    condition: '#arn = :arn',
    values: { ':arn': arn },
  });
}
