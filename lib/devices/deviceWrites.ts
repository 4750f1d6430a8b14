import { nowMs, nowSeconds } from '../clock.ts';
import type { Session } from '../sessions/sessionRepository.ts';
import { setExpression, type Write } from '../table/expressions.ts';
import { newId } from '../table/ids.ts';
import { deviceKey, pushTokenClaimKey } from '../table/keys.ts';
import type { Device, PushTokenClaim, Registration } from './device.ts';

/** The session that registers a device, and owns it from then on. */
export type OwningSession = Pick<Session, 'customerId' | 'id'>;

/**
 * Registers a device as the session's own. The device is active unless the registration says
 * otherwise. `claim` is the current claim of the push token: the writes fail if it has changed
 * meanwhile.
 */
export function registerDeviceWrites(
  session: OwningSession,
  device: Registration,
  claim: PushTokenClaim | undefined,
  identity: Identity = claim ?? makeIdentity(),
): Write[] {
  const { customerId } = session;
  const claimKey = pushTokenClaimKey(device.registrationId);
  const key = deviceKey(customerId, device.registrationId);
  if (claim?.customerId === customerId) return [renewDeviceWrite(session, device)];
  const { deviceId, createdAtSeconds } = identity;
  return [
    {
      kind: 'put',
      key: claimKey,
      item: { customerId, deviceId, createdAtSeconds } satisfies PushTokenClaim,
      condition: claim ? '#customerId = :previous' : 'attribute_not_exists(pk)',
      values: { ':previous': claim?.customerId },
    },
    { kind: 'put', key, item: makeDevice(session, device, identity) },
    ...(claim ? [{ kind: 'delete' as const, key: deviceKey(claim.customerId, device.registrationId) }] : []),
  ];
}

/**
 * Registers a customer's device again. The device exists as long as the customer holds its push
 * token.
 */
export function renewDeviceWrite(session: OwningSession, device: Registration): Write & { kind: 'update' } {
  const key = deviceKey(session.customerId, device.registrationId);
  return {
    kind: 'update',
    key,
    condition: 'attribute_exists(pk)',
    ...setExpression(toRegisteredFields(session, device)),
  };
}

export function makeDevice(
  session: OwningSession,
  device: Registration,
  { deviceId: id, createdAtSeconds }: Identity,
): Device {
  const { deviceId = null, name = null, ...rest } = toRegisteredFields(session, device);
  return { id, ...rest, deviceId, name, createdAtSeconds };
}

/** The fields that stay with a push token when its holder changes. */
type Identity = Pick<PushTokenClaim, 'deviceId' | 'createdAtSeconds'>;

export function makeIdentity(): Identity {
  return { deviceId: newId(), createdAtSeconds: nowSeconds() };
}

export function toRegisteredFields({ id: sessionId }: OwningSession, { active = true, ...device }: Registration) {
  return { ...device, active, sessionId, registeredAtMs: nowMs() };
}

/** Evicts a device and releases its push token, unless it has been registered again. */
export function evictDeviceWrites(customerId: number, { registrationId, registeredAtMs }: Device): Write[] {
  const { key, values } = releaseTokenWrite(customerId, registrationId);
  return [
    {
      kind: 'delete',
      key: deviceKey(customerId, registrationId),
      condition: 'attribute_exists(pk) AND (attribute_not_exists(#registeredAtMs) OR #registeredAtMs = :seen)',
      values: { ':seen': registeredAtMs },
    },
    { kind: 'delete', key, condition: 'attribute_not_exists(pk) OR #customerId = :owner', values: values ?? {} },
  ];
}

export function releaseTokenWrite(customerId: number, registrationId: string): Write & { kind: 'delete' } {
  const values = { ':owner': customerId };
  return { kind: 'delete', key: pushTokenClaimKey(registrationId), condition: '#customerId = :owner', values };
}

/**
 * Deactivates a device, so that it gets no pushes. The write fails if the customer does not have
 * the device.
 */
export function deactivateDeviceWrite(customerId: number, registrationId: string): Write & { kind: 'update' } {
  return {
    kind: 'update',
    key: deviceKey(customerId, registrationId),
    expression: 'SET #active = :no',
    condition: 'attribute_exists(pk)',
    values: { ':no': false },
  };
}
