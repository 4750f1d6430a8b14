import { config } from '../config/config.ts';
import type { Customer } from '../customers/customerRepository.ts';
import type { Item, Write } from '../table/expressions.ts';
import { profileKey } from '../table/keys.ts';
import type { Device } from './device.ts';

/** How a customer gets another device without exceeding the limit. */
export interface Admission {
  /** The devices that make room. */
  evicted: readonly Device[];
  /** The change of the profile that counts the device. */
  count?: ProfileChange;
}

export interface ProfileChange {
  assignments: string;
  condition: string;
  values: Item;
}

/** As many as fit into the transaction of a registration or sign-in beside its other writes. */
const mostEvicted = 40;

/** Returns whether a device can be added without a look at the others. */
export function hasRoom({ devicesAtMost }: Customer): boolean {
  return devicesAtMost !== null && devicesAtMost < config.devicesPerCustomer;
}

/**
 * Admits another device, so that parallel registrations cannot exceed the limit. Below the limit, a
 * conditional count is enough. At the limit, an existing device makes room, which leaves as many as
 * before. Removals are not counted. If they have left room, the devices are counted anew, and must
 * therefore have been read after the customer.
 */
export function admit(
  customer: Customer,
  registered: readonly Device[],
  { registrationId }: Pick<Device, 'registrationId'>,
  collisions = 0,
): Admission {
  if (hasRoom(customer)) return { evicted: [], count: countOneMore() };
  const others = registered.filter((device) => device.registrationId !== registrationId);
  const surplus = others.length + 1 - config.devicesPerCustomer;
  if (surplus > 0) return { evicted: chooseLongestInactive(others, Math.min(surplus, mostEvicted), collisions) };
  return { evicted: [], count: countAnew(customer, others.length + 1) };
}

/** Transaction check: the customer exists, and `count` still holds, which is then applied. */
export function countDeviceWrite(customerId: number, count: ProfileChange | undefined): Write {
  const key = profileKey(customerId);
  const exists = 'attribute_exists(pk)';
  if (!count) return { kind: 'check', key, condition: exists };
  const { assignments, condition, values } = count;
  return { kind: 'update', key, expression: `SET ${assignments}`, condition: `${exists} AND ${condition}`, values };
}

/**
 * Inactive devices come first, then those registered the longest ago. After two collisions any of
 * the older half may be chosen, because many parallel registrations would all want the same one.
 */
function chooseLongestInactive(devices: readonly Device[], count: number, collisions: number): Device[] {
  const spread = collisions < 2 ? 0 : Math.floor(devices.length / 2);
  const first = Math.floor(Math.random() * (spread + 1));
  return devices
    .toSorted((a, b) => Number(a.active) - Number(b.active) || a.registeredAtMs - b.registeredAtMs)
    .slice(first, first + count);
}

function countOneMore(): ProfileChange {
  return {
    assignments: '#devicesAtMost = #devicesAtMost + :one',
    condition: '#devicesAtMost < :limit',
    values: { ':one': 1, ':limit': config.devicesPerCustomer },
  };
}

function countAnew({ devicesAtMost, deviceRecounts }: Customer, count: number): ProfileChange {
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
