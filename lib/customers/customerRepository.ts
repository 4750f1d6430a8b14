import * as z from 'zod';
import { fail } from '../errors.ts';
import { languages } from '../languages.ts';
import { type Changes, setExpression, type Write } from '../table/expressions.ts';
import { emailClaimKey, erasureKey, lostEmailKey, phoneClaimKey, profileKey, walletKey } from '../table/keys.ts';
import { readAll, transact, write } from '../table/table.ts';
import { makeEmptyWallet, Wallet } from '../wallet/walletRepository.ts';
import * as unprovenPhones from './unverifiedPhones.ts';

export const genders = ['M', 'F', 'NS'] as const;

export const Customer = z.object({
  id: z.int(),
  /** E.164; empty until it is proven by a code. */
  phoneNumber: z.string(),
  /**
   * E.164; what was given at a sign-up with a password, until a phone is proven. It is nobody's
   * before that: see {@link readDisplayedPhone}.
   */
  unprovenPhone: z.string().default(''),
  fullName: z.string(),
  /** How much of the full name's end was given as the last name. */
  lastName: z.string().default(''),
  email: z.string(),
  /** An address that somebody with a proven phone has taken; it goes on opening this account. */
  lostEmail: z.string().default(''),
  image: z.string().nullable(),
  gender: z.enum(genders),
  birthDate: z.string().nullable(),
  primaryAddressId: z.int().nullable(),
  addressCount: z.int().default(0),
  /** Devices at the last count and additions since: an upper bound. Null until they are counted. */
  devicesAtMost: z.int().nullable().default(null),
  deviceRecounts: z.int().default(0),
  /** How often all notifications were read, and how often all were deleted. */
  readings: z.int().default(0),
  clearings: z.int().default(0),
  /** Whether notifications of a type come as pushes. */
  pushProductOrdered: z.boolean().default(true),
  pushOther: z.boolean().default(true),
  /** Hours without pushes, such as from `22:00` to `07:00`, in the customer's time zone. */
  quietHours: z.object({ start: z.string(), end: z.string() }).nullable().default(null),
  /** IANA name; null for that of the country. */
  timeZone: z.string().nullable().default(null),
  language: z.enum(languages),
  /** ISO 3166-1 alpha-2. */
  countryCode: z.string(),
  /** Who brought them, as given at a sign-up with a password. */
  referredBy: z.string().default(''),
  /** How often they signed in again; each session knows which time it was. */
  signIns: z.int().default(0),
  /**
   * Sessions of this sign-in and of all before it have ended, whatever is left of them in the
   * table.
   */
  endedSignIns: z.int().default(-1),
  createdAtSeconds: z.int(),
});
export type Customer = z.infer<typeof Customer>;

/** Who holds a phone number or an e-mail address. */
export const UniqueClaim = z.object({ customerId: z.int() });
export type UniqueClaim = z.infer<typeof UniqueClaim>;

/**
 * The writes that create a customer with a wallet and take their phone and e-mail address, each
 * refused if somebody has it already. A phone that is not proven is taken from nobody and by
 * nobody: it must only not be somebody's.
 */
export function createCustomerWrites(customer: Customer, currency: string): Record<string, Write> {
  const { id, phoneNumber, unprovenPhone, email } = customer;
  const claim = { customerId: id } satisfies UniqueClaim;
  const absent = 'attribute_not_exists(pk)';
  return {
    phone: phoneNumber
      ? { kind: 'put', key: phoneClaimKey(phoneNumber), item: claim, condition: absent }
      : { kind: 'check', key: phoneClaimKey(unprovenPhone), condition: absent },
    ...(unprovenPhone && { unproven: unprovenPhones.addSignUpWrite(unprovenPhone, id) }),
    ...(email && { email: { kind: 'put', key: emailClaimKey(email), item: claim, condition: absent } }),
    // Who has lost it logs in with it, and could not any more if somebody else had it to lose.
    ...(email && !phoneNumber && { lostEmail: { kind: 'check', key: lostEmailKey(email), condition: absent } }),
    profile: { kind: 'put', key: profileKey(id), item: customer, condition: absent },
    wallet: { kind: 'put', key: walletKey(id), item: makeEmptyWallet(currency), condition: absent },
  };
}

/**
 * The number to show as a customer's: an unproven one only while nobody has proven it to be theirs.
 */
export async function readDisplayedPhone({ phoneNumber, unprovenPhone }: Customer): Promise<string> {
  if (phoneNumber || !unprovenPhone) return phoneNumber;
  const [claim] = await readAll([{ key: phoneClaimKey(unprovenPhone), as: UniqueClaim }]);
  return claim ? '' : unprovenPhone;
}

/**
 * The writes that make a phone a customer's own who has none: refused if they have one by now, or
 * somebody else has proven this one.
 */
export async function verifyPhoneWrites(customer: Customer, phone: string): Promise<Write[]> {
  return [
    {
      kind: 'update',
      key: profileKey(customer.id),
      expression: 'SET #phoneNumber = :phone, #unprovenPhone = :none',
      condition: '#phoneNumber = :none',
      values: { ':phone': phone, ':none': '' },
    },
    {
      kind: 'put',
      key: phoneClaimKey(phone),
      item: { customerId: customer.id } satisfies UniqueClaim,
      condition: 'attribute_not_exists(pk)',
    },
    ...(await unprovenPhones.removeSignUpWrites(customer.unprovenPhone, customer.id)),
  ];
}

/**
 * The writes that free an e-mail address that a customer has lost, unless somebody else has lost it
 * since.
 */
async function releaseLostEmailWrites({ id, lostEmail }: Customer): Promise<Write[]> {
  const key = lostEmailKey(lostEmail);
  const [lost] = lostEmail ? await readAll([{ key, as: UniqueClaim }]) : [];
  if (lost?.customerId !== id) return [];
  return [{ kind: 'delete', key, condition: '#customerId = :owner', values: { ':owner': id } }];
}

/** What a customer may choose about pushes. */
export type Preferences = Changes<Pick<Customer, 'pushProductOrdered' | 'pushOther' | 'quietHours' | 'timeZone'>>;

/**
 * Changes what is named and leaves the rest alone. @throws authenticationFailed if the customer is
 * gone
 */
export async function changePreferences(customer: Customer, preferences: Preferences): Promise<Customer> {
  const { given, ...update } = setExpression(preferences);
  if (!update.expression) return customer;
  const key = profileKey(customer.id);
  const { done, old } = await write({ kind: 'update', key, condition: 'attribute_exists(pk)', ...update });
  return done ? Customer.parse({ ...old, ...given }) : fail('authenticationFailed');
}

/**
 * Takes the customer away and frees their phone and e-mail address, all at once; what is left of
 * their partition is marked for erasure. Answers false if they were gone already.
 */
export async function remove(customer: Customer): Promise<boolean> {
  const { id, email, phoneNumber } = customer;
  const owner = { ':owner': id };
  const { done } = await transact([
    {
      kind: 'delete',
      key: profileKey(id),
      condition: '#email = :email AND #phoneNumber = :phone',
      values: { ':email': email, ':phone': phoneNumber },
    },
    ...(phoneNumber
      ? [{ kind: 'delete' as const, key: phoneClaimKey(phoneNumber), condition: '#customerId = :owner', values: owner }]
      : []),
    ...(await unprovenPhones.removeSignUpWrites(customer.unprovenPhone, id)),
    ...(await releaseLostEmailWrites(customer)),
    ...(email ? [{ kind: 'delete' as const, key: emailClaimKey(email) }] : []),
    { kind: 'put', key: erasureKey(id), item: { customerId: id } },
  ]);
  if (done) return true;
  const [current] = await readAll([{ key: profileKey(id), as: Customer }]);
  return current ? remove(current) : false;
}

/** Has the worker erase what is left of a customer who is gone. */
export function markForErasure(customerId: number): Promise<unknown> {
  return write({ kind: 'put', key: erasureKey(customerId), item: { customerId } });
}

export async function readWithWallet(customerId: number): Promise<{ customer: Customer; wallet: Wallet } | undefined> {
  const [customer, wallet] = await readAll([
    { key: profileKey(customerId), as: Customer },
    { key: walletKey(customerId), as: Wallet },
  ]);
  return customer && wallet && { customer, wallet };
}
