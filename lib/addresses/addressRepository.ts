import * as z from 'zod';
import { nowMs, nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { Customer } from '../customers/customerRepository.ts';
import { fail } from '../errors.ts';
import type { RecordWrites } from '../idempotency/idempotencyRecord.ts';
import { type Changes, setExpression, type Write } from '../table/expressions.ts';
import { newId } from '../table/ids.ts';
import { find } from '../table/items.ts';
import { addressCreationKey, addressKey, addressPrefix, customerPartition, profileKey } from '../table/keys.ts';
import { readAll, readPrefix, transact, write } from '../table/table.ts';

export const locationTypes = ['HOME', 'WORK'] as const;

export const Address = z.object({
  id: z.int(),
  description: z.string(),
  locationType: z.enum(locationTypes),
  /** In degrees. */
  longitude: z.number(),
  latitude: z.number(),
  mapDescription: z.string().nullable(),
  mapImage: z.string().nullable(),
  createdAtMs: z.int(),
});
export type Address = z.infer<typeof Address>;

export type Fields = Omit<Address, 'id' | 'createdAtMs'>;

export async function listByCustomer(customerId: number): Promise<Address[]> {
  const addresses = await readPrefix(customerPartition(customerId), addressPrefix, Address);
  return addresses.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
}

/** A client that lost a response repeats its request within this time. */
const repeatSeconds = 60;

/**
 * Adds an address and makes it the primary one. A repeated request returns the address of the first
 * one, unless that was changed or deleted since.
 * @param requestHash equal for equal requests. An idempotency record takes its place.
 * @throws addressLimitReached, authenticationFailed if the customer has been deleted, and
 * idempotencyKeyConflict if the key of the record has been used
 */
export async function create(
  customerId: number,
  fields: Fields,
  { requestHash, record, outdated }: { requestHash: string; record: RecordWrites; outdated?: Address },
): Promise<Address> {
  const address: Address = { id: newId(), ...fields, createdAtMs: nowMs() };
  const records = record(address);
  const result = await transact([
    {
      kind: 'update',
      key: profileKey(customerId),
      expression: 'SET #primaryAddressId = :id, #addressCount = if_not_exists(#addressCount, :none) + :one',
      condition: 'attribute_exists(pk) AND (attribute_not_exists(#addressCount) OR #addressCount < :most)',
      values: { ':id': address.id, ':none': 0, ':one': 1, ':most': config.addressesPerCustomer },
    },
    { kind: 'put', key: addressKey(customerId, address.id), item: address, condition: 'attribute_not_exists(pk)' },
    ...(records.length > 0 ? records : [recordAddressWrite(customerId, requestHash, address, outdated)]),
  ]);
  if (result.done) return address;
  const [profile, , creation] = result.rejected;
  if (creation && records.length > 0) return fail('idempotencyKeyConflict');
  if (creation?.old) {
    const first = Address.parse(creation.old);
    const { done } = await transact(makePrimaryWrites(customerId, first));
    return done ? first : create(customerId, fields, { requestHash, record, outdated: first });
  }
  if (!profile) return fail('error');
  return fail(profile.old ? 'addressLimitReached' : 'authenticationFailed');
}

/**
 * Transaction write: record the request that created an address. It fails if an equal request was
 * recorded within a minute.
 */
function recordAddressWrite(customerId: number, requestHash: string, address: Address, outdated?: Address): Write {
  return {
    kind: 'put',
    key: addressCreationKey(customerId, requestHash),
    item: { ...address, expiresAtSeconds: nowSeconds() + repeatSeconds },
    condition: 'attribute_not_exists(pk) OR #createdAtMs <= :longAgo OR #id = :outdated',
    values: { ':longAgo': address.createdAtMs - repeatSeconds * 1_000, ':outdated': outdated?.id ?? 0 },
  };
}

/** Makes an address the primary one. The writes fail if it was changed or deleted. */
function makePrimaryWrites(customerId: number, address: Address): Write[] {
  const fields = Object.entries(address);
  return [
    {
      kind: 'update',
      key: profileKey(customerId),
      expression: 'SET #primaryAddressId = :id',
      condition: 'attribute_exists(pk)',
      values: { ':id': address.id },
    },
    {
      kind: 'check',
      key: addressKey(customerId, address.id),
      condition: fields.map(([name]) => `#${name} = :${name}`).join(' AND '),
      values: Object.fromEntries(fields.map(([name, value]) => [`:${name}`, value])),
    },
  ];
}

/**
 * Changes the given fields only. Returns the address before and after.
 * @throws notFound, or authenticationFailed if the customer has been deleted
 */
export async function change(
  customerId: number,
  id: number,
  changes: Changes<Fields>,
): Promise<{ before: Address; after: Address }> {
  const update = setExpression(changes);
  if (!update.expression) {
    const address = await find(addressKey(customerId, id), Address);
    return { before: address, after: address };
  }
  const { done, old } = await write({
    kind: 'update',
    key: addressKey(customerId, id),
    condition: 'attribute_exists(pk)',
    ...update,
  });
  if (!done) return fail((await exists(customerId)) ? 'notFound' : 'authenticationFailed');
  return { before: Address.parse(old), after: Address.parse({ ...old, ...update.given }) };
}

/**
 * Deletes an address and returns it.
 * @throws notFound, cannotDeletePrimaryAddress, or authenticationFailed if the customer has been
 * deleted
 */
export async function remove(customerId: number, id: number): Promise<Address> {
  const address = await find(addressKey(customerId, id), Address);
  const result = await transact([
    {
      kind: 'update',
      key: profileKey(customerId),
      expression: 'SET #addressCount = #addressCount - :one',
      condition: 'attribute_exists(pk) AND #primaryAddressId <> :id',
      values: { ':one': 1, ':id': id },
    },
    {
      kind: 'delete',
      key: addressKey(customerId, id),
      // The caller deletes the image as well, so it must still be the one that was read.
      condition: '#mapImage = :seenImage',
      values: { ':seenImage': address.mapImage },
    },
  ]);
  if (result.done) return address;
  const [profile] = result.rejected;
  if (!profile) return remove(customerId, id);
  return fail(profile.old ? 'cannotDeletePrimaryAddress' : 'authenticationFailed');
}

async function exists(customerId: number): Promise<boolean> {
  const [customer] = await readAll([{ key: profileKey(customerId), as: Customer }]);
  return customer !== undefined;
}
