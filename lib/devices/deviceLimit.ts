import { config } from '../config/config.ts';
import type { Customer } from '../customers/customerRepository.ts';
import type { Item, Write } from '../table/expressions.ts';
import { profileKey } from '../table/keys.ts';
import type { Device } from './device.ts';

export interface DeviceAdmission {
  evicted: readonly Device[];
  count?: ProfileChange;
}

export interface ProfileChange {
  assignments: string;
  condition: string;
  values: Item;
}

/** A registration or sign-in has room for this many evictions in its transaction. */
const mostEvicted = 40;

/** Returns whether a device can be added without reading the others. */
export function hasRoom({ devicesAtMost }: Customer): boolean {
  return devicesAtMost !== null && devicesAtMost < config.devicesPerCustomer;
}

/**
 * Admits another device, so that parallel registrations cannot exceed the limit. Below the limit, a
 * conditional count is enough. At the limit, an existing device is evicted, so the count stays.
 * Removals are not counted. If they have left room, the devices are counted again, and must
 * therefore have been read after the customer.
 */
export function admit(
  customer: Customer,
  registered: readonly Device[],
  { registrationId }: Pick<Device, 'registrationId'>,
  collisions = 0,
): DeviceAdmission {
  if (hasRoom(customer)) return { evicted: [], count: makeIncrement() };
  const others = registered.filter((device) => device.registrationId !== registrationId);
  const surplus = others.length + 1 - config.devicesPerCustomer;
  if (surplus > 0) return { evicted: chooseDevicesToEvict(others, Math.min(surplus, mostEvicted), collisions) };
  return { evicted: [], count: makeRecount(customer, others.length + 1) };
}

/**
 * Checks that the customer exists and that the condition of `count` holds, and applies the count.
 */
export function countDeviceWrite(customerId: number, count: ProfileChange | undefined): Write {
  const key = profileKey(customerId);
  const exists = 'attribute_exists(pk)';
  if (!count) return { kind: 'check', key, condition: exists };
  const { assignments, condition, values } = count;
  return { kind: 'update', key, expression: `SET ${assignments}`, condition: `${exists} AND ${condition}`, values };
}

/**
 * Returns the devices to evict. Inactive devices come first, then those registered the longest ago.
 * After two collisions it may choose any of the older half, because many parallel registrations
 * would otherwise evict the same device.
 */
function chooseDevicesToEvict(devices: readonly Device[], count: number, collisions: number): Device[] {
  const spread = collisions < 2 ? 0 : Math.floor(devices.length / 2);
  const first = Math.floor(Math.random() * (spread + 1));
  return devices
    .toSorted((a, b) => Number(a.active) - Number(b.active) || a.registeredAtMs - b.registeredAtMs)
    .slice(first, first + count);
}

function makeIncrement(): ProfileChange {
  return {
    assignments: '#devicesAtMost = #devicesAtMost + :one',
    condition: '#devicesAtMost < :limit',
    values: { ':one': 1, ':limit': config.devicesPerCustomer },
  };
}

function makeRecount({ devicesAtMost, deviceRecounts }: Customer, count: number): ProfileChange {
  const isUnchanged = (field: string, isAbsent: boolean) =>
    `(#${field} = :seen_${field}${isAbsent ? ` OR attribute_not_exists(#${field})` : ''})`;
  return {
    assignments: '#devicesAtMost = :count, #deviceRecounts = :recounts',
    condition: `${isUnchanged('devicesAtMost', devicesAtMost === null)} AND ${isUnchanged('deviceRecounts', deviceRecounts === 0)}`,
    values: {
      ':count': count,
      ':recounts': deviceRecounts + 1,
      ':seen_devicesAtMost': devicesAtMost,
      ':seen_deviceRecounts': deviceRecounts,
    },
  };
}
