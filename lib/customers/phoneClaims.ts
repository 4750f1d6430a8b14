import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import type { Write } from '../table/expressions.ts';
import { formerSignUpsKey, phoneClaimKey, profileKey } from '../table/keys.ts';
import { readAll, transact } from '../table/table.ts';
import type { Customer } from './customerRepository.ts';

/**
 * Unique claim of a phone. An unverified phone belongs to the first account that gave it, until
 * another customer verifies it.
 */
export const PhoneClaim = z.object({
  customerId: z.int(),
  /** Before unverified phones were claimed, every claim was of a verified one. */
  isVerified: z.boolean().default(true),
});
export type PhoneClaim = z.infer<typeof PhoneClaim>;

type Holder = Pick<Customer, 'id' | 'phoneNumber' | 'unprovenPhone'>;

/** Returns the id of the customer who has verified a phone. */
export async function readPhoneOwner(phone: string): Promise<number | undefined> {
  const [claim] = await readAll([{ key: phoneClaimKey(phone), as: PhoneClaim }]);
  return claim?.isVerified ? claim.customerId : undefined;
}

/** Transaction check: no customer has verified a phone. */
export function checkUnverifiedPhoneWrite(phone: string): Write {
  const condition = 'attribute_not_exists(pk) OR #isVerified = :no';
  return { kind: 'check', key: phoneClaimKey(phone), condition, values: { ':no': false } };
}

/** Transaction write: claim a phone without verifying it, if no account has it. */
export function claimUnverifiedPhoneWrite(phone: string, customerId: number): Write {
  const item = { customerId, isVerified: false } satisfies PhoneClaim;
  return { kind: 'put', key: phoneClaimKey(phone), item, condition: 'attribute_not_exists(pk)' };
}

/**
 * Claims a phone that a customer has verified: a free one, their own, or one that another account
 * has given without verifying it. That account loses it. The writes fail if `claim` has changed.
 */
export function claimVerifiedPhoneWrites(
  phone: string,
  customerId: number,
  claim: PhoneClaim | undefined,
): Record<string, Write> {
  const put = {
    kind: 'put',
    key: phoneClaimKey(phone),
    item: { customerId, isVerified: true } satisfies PhoneClaim,
  } as const;
  if (!claim || claim.isVerified || claim.customerId === customerId) {
    const condition = 'attribute_not_exists(pk) OR (#customerId = :own AND #isVerified = :no)';
    return { phone: { ...put, condition, values: { ':own': customerId, ':no': false } } };
  }
  const condition = '#customerId = :holder AND #isVerified = :no';
  return {
    phone: { ...put, condition, values: { ':holder': claim.customerId, ':no': false } },
    phoneHolder: {
      kind: 'update',
      key: profileKey(claim.customerId),
      expression: 'SET #unprovenPhone = :none',
      condition: '#unprovenPhone = :phone',
      values: { ':none': '', ':phone': phone },
    },
  };
}

/**
 * Moves a customer to a phone that they have verified, and releases the one that they had.
 * @returns undefined if another customer has verified the phone
 */
export async function takePhoneWrites(customer: Holder, phone: string): Promise<Record<string, Write> | undefined> {
  const { id, phoneNumber, unprovenPhone } = customer;
  const [[claim], release] = await Promise.all([
    readAll([{ key: phoneClaimKey(phone), as: PhoneClaim }]),
    unprovenPhone === phone ? {} : releaseUnverifiedPhoneWrites(customer),
  ]);
  if (claim?.isVerified && claim.customerId !== id) return undefined;
  return {
    ...claimVerifiedPhoneWrites(phone, id, claim),
    ...(phoneNumber && { oldPhone: releasePhoneWrite(phoneNumber, id) }),
    ...(unprovenPhone === phone && !claim && { formerSignUps: deleteFormerSignUpsWrite(phone) }),
    ...release,
  };
}

/** Transaction write: set the phone of a customer without a verified one. */
export function setVerifiedPhoneWrite(customerId: number, phone: string): Write {
  return {
    kind: 'update',
    key: profileKey(customerId),
    expression:
      'SET #phoneNumber = :phone, #unprovenPhone = :none, #lastUsedAtSeconds = :now, #parkedAtSeconds = :notParked',
    condition: '#phoneNumber = :none',
    values: { ':phone': phone, ':none': '', ':now': nowSeconds(), ':notParked': null },
  };
}

/** Transaction write: release the verified phone of a customer. */
export function releasePhoneWrite(phone: string, customerId: number): Write {
  const condition = '#customerId = :owner';
  return { kind: 'delete', key: phoneClaimKey(phone), condition, values: { ':owner': customerId } };
}

/** Releases the unverified phone of a customer. The writes fail if its claim has changed. */
export async function releaseUnverifiedPhoneWrites({ id, unprovenPhone }: Holder): Promise<Record<string, Write>> {
  if (!unprovenPhone) return {};
  const key = phoneClaimKey(unprovenPhone);
  const [claim] = await readAll([{ key, as: PhoneClaim }]);
  const condition = 'attribute_not_exists(pk) OR #customerId = :own';
  // A sign-up of an early build did not claim its phone, which may be another customer's by now.
  const isOwn = claim?.customerId === id;
  return {
    ...((isOwn || !claim) && { unverifiedPhone: { kind: 'delete', key, condition, values: { ':own': id } } }),
    ...(!isOwn && { formerSignUps: deleteFormerSignUpsWrite(unprovenPhone) }),
  };
}

function deleteFormerSignUpsWrite(phone: string): Write {
  return { kind: 'delete', key: formerSignUpsKey(phone) };
}

/**
 * Claims the phone of a sign-up of an early build at the customer's next login, if it is free.
 * Otherwise the customer loses it.
 */
export async function adoptPhone<C extends Holder>(customer: C): Promise<C> {
  const { id, unprovenPhone: phone } = customer;
  if (!phone) return customer;
  const [claim] = await readAll([{ key: phoneClaimKey(phone), as: PhoneClaim }]);
  if (claim?.customerId === id) return customer;
  const profile = {
    key: profileKey(id),
    condition: '#unprovenPhone = :phone',
    values: { ':phone': phone, ':none': '' },
  };
  const { done } = await transact([
    claim ? { ...profile, kind: 'update', expression: 'SET #unprovenPhone = :none' } : { ...profile, kind: 'check' },
    ...(claim ? [] : [claimUnverifiedPhoneWrite(phone, id)]),
    deleteFormerSignUpsWrite(phone),
  ]);
  return done && !claim ? customer : { ...customer, unprovenPhone: '' };
}
