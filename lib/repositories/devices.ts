import * as z from 'zod';
import { newId } from '../ids.ts';
import { customerPartition, deviceKey, devicePrefix, pushTokenClaimKey } from './keys.ts';
import { readPrefix } from './table.ts';
import type { Write } from './writes.ts';

export const deviceTypes = ['ios', 'android', 'web'] as const;

/** A push registration. `registrationId` is the push service's token for one app on one device. */
export const Device = z.object({
  id: z.int(),
  registrationId: z.string(),
  deviceId: z.string().nullable(),
  name: z.string().nullable(),
  type: z.enum(deviceTypes),
  active: z.boolean(),
  createdAtSeconds: z.int(),
});
export type Device = z.infer<typeof Device>;

/** Who holds a push token. The device's id and age stay when it changes hands; nothing else does. */
export const PushTokenClaim = z.object({ customerId: z.int(), deviceId: z.int(), createdAtSeconds: z.int() });
export type PushTokenClaim = z.infer<typeof PushTokenClaim>;

export type Registration = Pick<Device, 'registrationId' | 'type'> & { deviceId?: string | null | undefined };

/**
 * The writes that register a device as the customer's own and active, given who holds its push token now. They are
 * refused when that has changed in the meantime.
 */
export function registration(
  customerId: number,
  device: Registration,
  claim: PushTokenClaim | undefined,
  now: number,
): Write[] {
  const { registrationId, type, deviceId } = device;
  const claimKey = pushTokenClaimKey(registrationId);
  const key = deviceKey(customerId, registrationId);
  if (claim?.customerId === customerId) {
    return [
      { kind: 'check', key: claimKey, condition: '#customerId = :owner', values: { ':owner': customerId } },
      {
        kind: 'update',
        key,
        expression: `SET #type = :type, #active = :yes${deviceId === undefined ? '' : ', #deviceId = :deviceId'}`,
        condition: 'attribute_exists(pk)',
        values: { ':type': type, ':yes': true, ':deviceId': deviceId },
      },
    ];
  }
  const { deviceId: id, createdAtSeconds } = claim ?? { deviceId: newId(), createdAtSeconds: now };
  const owned: Device = {
    id,
    registrationId,
    type,
    deviceId: deviceId ?? null,
    name: null,
    active: true,
    createdAtSeconds,
  };
  return [
    {
      kind: 'put',
      key: claimKey,
      item: { customerId, deviceId: id, createdAtSeconds } satisfies PushTokenClaim,
      condition: claim ? '#customerId = :previous' : 'attribute_not_exists(pk)',
      values: { ':previous': claim?.customerId },
    },
    { kind: 'put', key, item: owned },
    ...(claim ? [{ kind: 'delete' as const, key: deviceKey(claim.customerId, registrationId) }] : []),
  ];
}

/** The write that frees a push token, if the customer still holds it. */
export function release(customerId: number, registrationId: string): Write & { kind: 'delete' } {
  const values = { ':owner': customerId };
  return { kind: 'delete', key: pushTokenClaimKey(registrationId), condition: '#customerId = :owner', values };
}

/** The write that stops pushes to a device. It is refused if the customer does not have it. */
export function deactivation(customerId: number, registrationId: string): Write & { kind: 'update' } {
  return {
    kind: 'update',
    key: deviceKey(customerId, registrationId),
    expression: 'SET #active = :no',
    condition: 'attribute_exists(pk)',
    values: { ':no': false },
  };
}

export function ofCustomer(customerId: number): Promise<Device[]> {
  return readPrefix(customerPartition(customerId), devicePrefix, Device);
}
