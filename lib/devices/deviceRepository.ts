import * as z from 'zod';
import { backOff } from '../backOff.ts';
import { nowMs } from '../clock.ts';
import { Customer } from '../customers/customerRepository.ts';
import { fail, failFields } from '../errors.ts';
import type { IdempotentRequest } from '../http/idempotencyKey.ts';
import { type RecordWrites, runOnce } from '../idempotency/idempotencyRecord.ts';
import type { Session } from '../sessions/sessionRepository.ts';
import { type Changes, setExpression, type Write } from '../table/expressions.ts';
import { customerPartition, deviceKey, devicePrefix, type Key, pushTokenClaimKey } from '../table/keys.ts';
import { readAll, readPrefix, transact, write } from '../table/table.ts';
import { Device, PushTokenClaim, type Registration } from './device.ts';
import { admit, countDeviceWrite, hasRoom } from './deviceLimit.ts';
import {
  deactivateDeviceWrite,
  evictDeviceWrites,
  makeDevice,
  makeIdentity,
  type OwningSession,
  registerDeviceWrites,
  releaseTokenWrite,
  renewDeviceWrite,
  toRegisteredFields,
} from './deviceWrites.ts';
import { isApnsToken, listSpellings, toCanonicalToken } from './pushTokens.ts';

/** A registration retries while others take its push token. The function's timeout is 20 s. */
const patienceMs = 17_000;
const mostBackOffAttempt = 4;

const Registered = z.object({ device: Device, isNew: z.boolean() });
type Registered = z.infer<typeof Registered>;

/** Registers a device as {@link register} does, once for each idempotency key. */
export function registerOnce(
  customer: Customer,
  session: OwningSession,
  { given, idempotency }: { given: Registration; idempotency: IdempotentRequest | undefined },
): Promise<Registered> {
  return runOnce(customer.id, idempotency, {
    run: (record) => register(customer, session, given, record),
    repeat: (result) => Registered.parse(result),
  });
}

/**
 * Registers a device as the session's own, even if another customer holds its push token. Returns
 * whether the token is new. A customer at the device limit loses a device in the same transaction.
 * @throws authenticationFailed if the customer has been deleted, idempotencyKeyConflict if the key
 * of the record has been used
 */
export async function register(
  customer: Customer,
  session: OwningSession,
  given: Registration,
  record: RecordWrites,
): Promise<Registered> {
  const { id: customerId } = customer;
  const device = { ...given, registrationId: toCanonicalToken(given.registrationId, given.type) };
  let currentCustomer = customer;
  let collisions = 0;
  const deadline = performance.now() + patienceMs;
  for (let attempt = 1; performance.now() < deadline; attempt++) {
    const [renewed, [claim, ...others], devices] = await Promise.all([
      write(renewDeviceWrite(session, device)),
      readPushTokenClaims(given),
      hasRoom(currentCustomer) ? [] : listByCustomer(customerId),
    ]);
    if (await moveToCanonicalToken(given, others)) continue;
    const { evicted, count } = admit(currentCustomer, devices, device, collisions);
    const evictions = evicted.flatMap((device) => evictDeviceWrites(customerId, device));
    if (renewed.done) {
      if (evictions.length > 0) await transact(evictions);
      const registered = {
        device: Device.parse({ ...renewed.old, ...setExpression(toRegisteredFields(session, device)).given }),
        isNew: false,
      };
      // A repetition before this write renews the device again, which changes nothing.
      const [recordWrite] = record(registered);
      if (recordWrite && !(await transact([recordWrite])).done) return fail('idempotencyKeyConflict');
      return registered;
    }
    if (claim?.customerId === customerId) continue;
    const identity = claim ?? makeIdentity();
    const registered = { device: makeDevice(session, device, identity), isNew: !claim };
    const records = record(registered);
    const result = await transact([
      ...records,
      countDeviceWrite(customerId, count),
      ...registerDeviceWrites(session, device, claim, identity),
      ...evictions,
    ]);
    if (result.done) return registered;
    const [recordRejected] = result.rejected.splice(0, records.length);
    if (recordRejected) return fail('idempotencyKeyConflict');
    if (evicted.length > 0) collisions += 1;
    const [profile] = result.rejected;
    // The devices must be read after the customer, so the next attempt reads them again.
    if (profile) currentCustomer = profile.old ? Customer.parse(profile.old) : fail('authenticationFailed');
    await backOff(Math.min(attempt, mostBackOffAttempt));
  }
  return fail('throttled', { retryAfterSeconds: 1 });
}

export function listPushTokenClaimKeys(given: Registration): Key[] {
  return [toCanonicalToken(given.registrationId, given.type), ...otherSpellings(given)].map(pushTokenClaimKey);
}

function readPushTokenClaims(given: Registration): Promise<(PushTokenClaim | undefined)[]> {
  return readAll(listPushTokenClaimKeys(given).map((key) => ({ key, as: PushTokenClaim })));
}

function otherSpellings({ registrationId, type }: Registration): string[] {
  const canonical = toCanonicalToken(registrationId, type);
  return type === 'ios' ? listSpellings(registrationId).filter((spelling) => spelling !== canonical) : [];
}

/**
 * Moves iOS devices that are stored under other spellings of a push token to the canonical one, or
 * removes them if it has a device. Returns whether there were any.
 * @param claims of the other spellings, in the order of {@link listPushTokenClaimKeys}
 */
export async function moveToCanonicalToken(
  given: Registration,
  claims: readonly (PushTokenClaim | undefined)[],
): Promise<boolean> {
  const keys = otherSpellings(given).flatMap((spelling, index) => {
    const claim = claims[index];
    return claim ? [{ key: deviceKey(claim.customerId, spelling), as: Device, customerId: claim.customerId }] : [];
  });
  const stored = keys.length > 0 ? await readAll(keys) : [];
  let isAny = false;
  for (const [index, { customerId }] of keys.entries()) {
    const device = stored[index];
    if (device?.type !== 'ios') continue;
    isAny = true;
    const registrationId = toCanonicalToken(given.registrationId, device.type);
    const { done } = await transact(moveTokenWrites(customerId, device, { ...device, registrationId }));
    if (!done) await transact(evictDeviceWrites(customerId, device));
  }
  return isAny;
}

/**
 * Finds a customer's device by any spelling of its push token.
 * @throws notFound
 */
export async function find(customerId: number, registrationId: string): Promise<Device> {
  return (await findStored(customerId, registrationId)) ?? fail('notFound');
}

async function findStored(customerId: number, registrationId: string): Promise<Device | undefined> {
  const spellings = listSpellings(registrationId);
  const found = await readAll(spellings.map((spelling) => ({ key: deviceKey(customerId, spelling), as: Device })));
  return found.find((device) => device && (device.registrationId === registrationId || device.type === 'ios'));
}

/** Returns the stored push token of a customer's device for any spelling of it. */
export async function readStoredToken(customerId: number, registrationId: string): Promise<string> {
  if (!isApnsToken(registrationId)) return registrationId;
  return (await findStored(customerId, registrationId))?.registrationId ?? registrationId;
}

/**
 * Changes the given fields only. A session that activates a device or gives it another push token
 * owns it from then on. Otherwise a thief could give a device of another session a push token of
 * their own, and get pushes after the stolen session is revoked.
 * @throws notFound, or `unique` for a push token that another device holds
 */
export async function change(session: OwningSession, registrationId: string, changes: DeviceFields): Promise<Device> {
  const { customerId, id: sessionId } = session;
  const { registrationId: newToken = registrationId, ...fields } = changes;
  const isApns = isApnsToken(registrationId) || isApnsToken(newToken);
  const asApns = { registrationId: newToken, type: 'ios' } as const;
  const [stored, [, ...others] = []] = isApns
    ? await Promise.all([find(customerId, registrationId), readPushTokenClaims(asApns)])
    : [];
  const type = fields.type ?? stored?.type;
  if (type === 'ios' && (await moveToCanonicalToken(asApns, others))) return change(session, registrationId, changes);
  const from = stored?.registrationId ?? registrationId;
  const to = toCanonicalToken(newToken, type);
  if (to !== from) return changeToken(session, from, to, setExpression(fields).given, stored);
  if (Object.values(fields).every((value) => value === undefined)) return stored ?? find(customerId, from);
  const { given, ...update } = setExpression({
    ...fields,
    ...(fields.active && { sessionId }),
    registeredAtMs: nowMs(),
  });
  const key = deviceKey(customerId, from);
  const { done, old } = await write({ kind: 'update', key, condition: 'attribute_exists(pk)', ...update });
  return done ? Device.parse({ ...old, ...given }) : fail('notFound');
}

export type DeviceFields = Changes<Pick<Device, 'registrationId' | 'type' | 'deviceId' | 'name' | 'active'>>;

/**
 * Changes the push token of a device, which keeps its id. Push services replace the token of an app
 * now and then.
 */
async function changeToken(
  session: OwningSession,
  from: string,
  to: string,
  fields: object,
  stored?: Device,
): Promise<Device> {
  const { customerId, id: sessionId } = session;
  const device = stored ?? (await find(customerId, from));
  const changed = Device.parse({ ...device, ...fields, sessionId, registrationId: to, registeredAtMs: nowMs() });
  const result = await transact(moveTokenWrites(customerId, device, changed));
  if (result.done) return changed;
  if (result.rejected[0]) return failFields({ attr: 'registration_id', code: 'unique' });
  return changeToken(session, from, to, fields);
}

/** Moves a device to another push token. The writes fail if either has changed. */
function moveTokenWrites(customerId: number, before: Device, after: Device): Write[] {
  const { id, createdAtSeconds, active, name, deviceId, type, registrationId } = before;
  return [
    {
      kind: 'put',
      key: pushTokenClaimKey(after.registrationId),
      item: { customerId, deviceId: id, createdAtSeconds } satisfies PushTokenClaim,
      condition: 'attribute_not_exists(pk)',
    },
    releaseTokenWrite(customerId, registrationId),
    { kind: 'put', key: deviceKey(customerId, after.registrationId), item: after },
    {
      kind: 'delete',
      key: deviceKey(customerId, registrationId),
      condition: '#active = :active AND #name = :name AND #deviceId = :deviceId AND #type = :type',
      values: { ':active': active, ':name': name, ':deviceId': deviceId, ':type': type },
    },
  ];
}

/**
 * Deletes a device and releases its push token.
 * @throws notFound
 */
export async function remove(customerId: number, given: string): Promise<void> {
  const registrationId = await readStoredToken(customerId, given);
  const { done } = await transact([
    { kind: 'delete', key: deviceKey(customerId, registrationId), condition: 'attribute_exists(pk)' },
    releaseTokenWrite(customerId, registrationId),
  ]);
  if (!done) fail('notFound');
}

/** Deactivates a device whose app was uninstalled, unless the app has registered it since. */
export function deactivate(customerId: number, { registrationId, registeredAtMs }: Device): Promise<unknown> {
  const { values, ...change } = deactivateDeviceWrite(customerId, registrationId);
  const condition = '#registeredAtMs = :seen';
  return write({ ...change, condition, values: { ...values, ':seen': registeredAtMs } });
}

export async function deactivateDevicesOf({ customerId, id }: OwningSession): Promise<void> {
  const devices = (await listByCustomer(customerId)).filter(({ active, sessionId }) => active && sessionId === id);
  for (const { registrationId } of devices) {
    const { values, ...change } = deactivateDeviceWrite(customerId, registrationId);
    await write({ ...change, condition: '#sessionId = :session', values: { ...values, ':session': id } });
  }
}

/**
 * Finds the session of a device. A device stored without a `sessionId` belongs to the last used
 * session that names its push token, until its app registers it again, as apps do when they start.
 * Without such a session it gets no pushes until then, because a stolen access token may have
 * registered it.
 */
export function findSessionOf<S extends Pick<Session, 'id' | 'registrationId' | 'lastUsedAtSeconds'>>(
  { sessionId, registrationId }: Device,
  sessions: readonly S[],
): S | undefined {
  if (sessionId !== null) return sessions.find(({ id }) => id === sessionId);
  return sessions
    .filter((session) => session.registrationId === registrationId)
    .toSorted((a, b) => b.lastUsedAtSeconds - a.lastUsedAtSeconds)[0];
}

export function listByCustomer(customerId: number): Promise<Device[]> {
  return readPrefix(customerPartition(customerId), devicePrefix, Device);
}
