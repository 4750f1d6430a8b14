import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import type { Item, Write } from '../table/expressions.ts';
import { newId } from '../table/ids.ts';
import { duePhoneChangeKey, profileKey } from '../table/keys.ts';
import { write } from '../table/table.ts';
import type { Customer } from './customerRepository.ts';

/** A requested move to a new phone, which takes effect unless its customer cancels it. */
export const PhoneChange = z.object({
  id: z.int(),
  /** The new phone in E.164. */
  phoneNumber: z.string(),
  /** The session that requested the change. It stays active after the change. */
  sessionId: z.int(),
  effectiveAtSeconds: z.int(),
  /** The hash of the secret in the link that cancels the change. */
  linkHash: z.string(),
  /** Whether the owner was warned. Otherwise the change takes no effect. */
  isWarned: z.boolean(),
});
export type PhoneChange = z.infer<typeof PhoneChange>;

/** An entry in the list of all waiting changes. */
export const DuePhoneChange = z.object({ customerId: z.int(), id: z.int(), effectiveAtSeconds: z.int() });
export type DuePhoneChange = z.infer<typeof DuePhoneChange>;

/** Returns a new change, and the secret for its link. */
export function makePhoneChange(phoneNumber: string, sessionId: number): { change: PhoneChange; secret: string } {
  const secret = newSecret();
  const effectiveAtSeconds = nowSeconds() + config.phoneChangeSeconds;
  const change = {
    id: newId(),
    phoneNumber,
    sessionId,
    effectiveAtSeconds,
    linkHash: hashSecret(secret),
    isWarned: false,
  };
  return { change, secret };
}

export const newSecret = () => randomBytes(16).toString('base64url');

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Stores a change. The writes fail if a change waits already, or if `seenPhone` has changed. */
export function storePhoneChangeWrites(customerId: number, seenPhone: string, change: PhoneChange) {
  const { id, effectiveAtSeconds } = change;
  return {
    customer: {
      kind: 'update',
      key: profileKey(customerId),
      expression: 'SET #phoneChange = :change',
      condition: `#phoneNumber = :seenPhone AND ${whileNoPhoneChange.condition}`,
      values: { ':change': change, ':seenPhone': seenPhone, ...whileNoPhoneChange.values },
    },
    due: {
      kind: 'put',
      key: duePhoneChangeKey(effectiveAtSeconds, customerId),
      item: { customerId, id, effectiveAtSeconds } satisfies DuePhoneChange,
    },
  } satisfies Record<string, Write>;
}

/** Changes fields of a waiting change. Returns whether it still waits. */
export async function updatePhoneChange(
  customerId: number,
  id: number,
  field: 'linkHash' | 'isWarned',
  value: string | boolean,
): Promise<boolean> {
  const { done } = await write({
    kind: 'update',
    key: profileKey(customerId),
    expression: `SET #phoneChange.#${field} = :value`,
    condition: '#phoneChange.#id = :id',
    values: { ':value': value, ':id': id },
  });
  return done;
}

/** Condition of a profile: no change waits. */
export const whileNoPhoneChange = {
  condition: '(attribute_not_exists(#phoneChange) OR #phoneChange = :noChange)',
  values: { ':noChange': null },
};

/** Condition of a profile: the customer has the waiting change that was read, or still none. */
export function samePhoneChange({ phoneChange }: Pick<Customer, 'phoneChange'>): { condition: string; values: Item } {
  if (!phoneChange) return whileNoPhoneChange;
  return { condition: '#phoneChange.#id = :seenChange', values: { ':seenChange': phoneChange.id } };
}

/** Condition of a profile: money may leave the wallet. */
export const whileNotFrozen = {
  condition: `${whileNoPhoneChange.condition} AND (attribute_not_exists(#parkedAtSeconds) OR #parkedAtSeconds = :noChange)`,
  values: whileNoPhoneChange.values,
};

/** Removes a waiting change. The writes fail if the change no longer waits. */
export function removePhoneChangeWrites(customerId: number, change: PhoneChange): Write[] {
  return [
    {
      kind: 'update',
      key: profileKey(customerId),
      expression: 'SET #phoneChange = :none',
      condition: '#phoneChange.#id = :id',
      values: { ':none': null, ':id': change.id },
    },
    deleteDuePhoneChangeWrite(customerId, change),
  ];
}

/**
 * Deletes the change of a customer from the list of all waiting changes. Another write of the
 * transaction sets `phoneChange` to null on the condition of {@link samePhoneChange}.
 */
export function deleteDueWrites({ id, phoneChange }: Pick<Customer, 'id' | 'phoneChange'>): Write[] {
  return phoneChange ? [deleteDuePhoneChangeWrite(id, phoneChange)] : [];
}

/** Transaction write: delete a change from the list of all waiting changes. */
export function deleteDuePhoneChangeWrite(
  customerId: number,
  { effectiveAtSeconds }: Pick<PhoneChange, 'effectiveAtSeconds'>,
): Write & { kind: 'delete' } {
  return { kind: 'delete', key: duePhoneChangeKey(effectiveAtSeconds, customerId) };
}
