import * as z from 'zod';
import { fail } from '../errors.ts';
import { languages } from '../languages.ts';
import { type Changes, setExpression, type Write } from '../table/expressions.ts';
import { emailClaimKey, erasureKey, lostEmailKey, profileKey, walletKey } from '../table/keys.ts';
import { readAll, transact, write } from '../table/table.ts';
import { makeEmptyWallet, Wallet } from '../wallet/walletRepository.ts';
import { deleteDueWrites, PhoneChange } from './phoneChange.ts';
import {
  claimUnverifiedPhoneWrite,
  claimVerifiedPhoneWrites,
  type PhoneClaim,
  releasePhoneWrite,
  releaseUnverifiedPhoneWrites,
} from './phoneClaims.ts';

export const genders = ['M', 'F', 'NS'] as const;

export const Customer = z.object({
  id: z.int(),
  /** E.164. It is empty until an OTP has verified the phone. */
  phoneNumber: z.string(),
  /**
   * E.164. The phone from a sign-up with a password, until the customer verifies one, or another
   * customer verifies this one.
   */
  unprovenPhone: z.string().default(''),
  fullName: z.string(),
  /** The end of the full name that the customer gave as their last name. */
  lastName: z.string().default(''),
  email: z.string(),
  /** Whether an OTP has verified the e-mail address. */
  isEmailVerified: z.boolean().default(false),
  /**
   * An e-mail address that another customer has verified. It still logs in to this account with its
   * password.
   */
  lostEmail: z.string().default(''),
  image: z.string().nullable(),
  gender: z.enum(genders),
  birthDate: z.string().nullable(),
  primaryAddressId: z.int().nullable(),
  addressCount: z.int().default(0),
  /**
   * The devices at the last count, and the additions since: an upper bound. Null until they are
   * counted.
   */
  devicesAtMost: z.int().nullable().default(null),
  deviceRecounts: z.int().default(0),
  /** The number of times that all notifications were read (`readings`) or deleted (`clearings`). */
  readings: z.int().default(0),
  clearings: z.int().default(0),
  pushProductOrdered: z.boolean().default(true),
  pushOther: z.boolean().default(true),
  pushNewSignIn: z.boolean().default(true),
  /** The hours without pushes, such as from `22:00` to `07:00`, in the customer's time zone. */
  quietHours: z.object({ start: z.string(), end: z.string() }).nullable().default(null),
  /** An IANA name, or null for the time zone of the country. */
  timeZone: z.string().nullable().default(null),
  language: z.enum(languages),
  /** ISO 3166-1 alpha-2. */
  countryCode: z.string(),
  /** The referrer, as given at a sign-up with a password. */
  referredBy: z.string().default(''),
  /**
   * The session generation: the number of sign-ins after the first. Each session stores the number
   * it was created with.
   */
  signIns: z.int().default(0),
  /**
   * The last revoked session generation. Its sessions and all earlier ones are revoked, even if
   * they are still in the table.
   */
  endedSignIns: z.int().default(-1),
  /** The last sign-in, or a refresh in the week after it. Null for accounts of earlier versions. */
  lastUsedAtSeconds: z.int().nullable().default(null),
  /**
   * When the holder of the phone made a new account, because the phone may have been recycled. Null
   * once the owner has logged in again.
   */
  parkedAtSeconds: z.int().nullable().default(null),
  /** A change of the phone that waits for its owner to cancel it. */
  phoneChange: PhoneChange.nullable().default(null),
  /** A suspended customer cannot sign in. Without an end, only an operator lifts the suspension. */
  suspendedAtSeconds: z.int().nullable().default(null),
  suspensionEndsAtSeconds: z.int().nullable().default(null),
  suspensionMessage: z.object({ en: z.string(), ar: z.string() }).nullable().default(null),
  createdAtSeconds: z.int(),
});
export type Customer = z.infer<typeof Customer>;

/** No customer has this id. Reading it takes as long as reading a customer. */
export const noCustomerId = 0;

export const UniqueClaim = z.object({ customerId: z.int() });
export type UniqueClaim = z.infer<typeof UniqueClaim>;

/**
 * Creates a customer with a wallet, and claims their phone and e-mail address. A write fails if
 * another customer holds it. A verified phone may be one that another account has not verified.
 * @param phoneClaim the claim of a verified phone
 */
export function createCustomerWrites(
  customer: Customer,
  currency: string,
  phoneClaim?: PhoneClaim,
): Record<string, Write> {
  const { id, phoneNumber, unprovenPhone, email } = customer;
  const claim = { customerId: id } satisfies UniqueClaim;
  const absent = 'attribute_not_exists(pk)';
  return {
    ...(phoneNumber
      ? claimVerifiedPhoneWrites(phoneNumber, id, phoneClaim)
      : { phone: claimUnverifiedPhoneWrite(unprovenPhone, id) }),
    ...(email && { email: { kind: 'put', key: emailClaimKey(email), item: claim, condition: absent } }),
    // The customer who lost the e-mail still logs in with it. That would end if an unverified
    // holder lost it too.
    ...(email && !phoneNumber && { lostEmail: { kind: 'check', key: lostEmailKey(email), condition: absent } }),
    profile: { kind: 'put', key: profileKey(id), item: customer, condition: absent },
    wallet: { kind: 'put', key: walletKey(id), item: makeEmptyWallet(currency), condition: absent },
  };
}

/**
 * Releases the e-mail address that a customer has lost, unless another customer has lost it since.
 */
async function releaseLostEmailWrites({ id, lostEmail }: Customer): Promise<Write[]> {
  const key = lostEmailKey(lostEmail);
  const [lost] = lostEmail ? await readAll([{ key, as: UniqueClaim }]) : [];
  if (lost?.customerId !== id) return [];
  return [{ kind: 'delete', key, condition: '#customerId = :owner', values: { ':owner': id } }];
}

export type Preferences = Changes<
  Pick<Customer, 'pushProductOrdered' | 'pushOther' | 'pushNewSignIn' | 'quietHours' | 'timeZone'>
>;

/**
 * Changes the given preferences only.
 * @throws authenticationFailed if the customer has been deleted
 */
export async function changePreferences(customer: Customer, preferences: Preferences): Promise<Customer> {
  const { given, ...update } = setExpression(preferences);
  if (!update.expression) return customer;
  const key = profileKey(customer.id);
  const { done, old } = await write({ kind: 'update', key, condition: 'attribute_exists(pk)', ...update });
  return done ? Customer.parse({ ...old, ...given }) : fail('authenticationFailed');
}

/**
 * Deletes the customer, releases their phone and e-mail address, and marks the other items for
 * erasure, in one transaction. Returns false if the customer had been deleted already.
 */
export async function remove(customer: Customer): Promise<boolean> {
  const { id, email, phoneNumber } = customer;
  const { done } = await transact([
    {
      kind: 'delete',
      key: profileKey(id),
      condition: '#email = :email AND #phoneNumber = :phone',
      values: { ':email': email, ':phone': phoneNumber },
    },
    ...(phoneNumber ? [releasePhoneWrite(phoneNumber, id)] : []),
    ...Object.values(await releaseUnverifiedPhoneWrites(customer)),
    ...deleteDueWrites(customer),
    ...(await releaseLostEmailWrites(customer)),
    ...(email ? [{ kind: 'delete' as const, key: emailClaimKey(email) }] : []),
    { kind: 'put', key: erasureKey(id), item: { customerId: id } },
  ]);
  if (done) return true;
  const current = await find(id);
  return current ? remove(current) : false;
}

export function markForErasure(customerId: number): Promise<unknown> {
  return write({ kind: 'put', key: erasureKey(customerId), item: { customerId } });
}

export async function find(customerId: number): Promise<Customer | undefined> {
  const [customer] = await readAll([{ key: profileKey(customerId), as: Customer }]);
  return customer;
}

export async function readWithWallet(customerId: number): Promise<{ customer: Customer; wallet: Wallet } | undefined> {
  const [customer, wallet] = await readAll([
    { key: profileKey(customerId), as: Customer },
    { key: walletKey(customerId), as: Wallet },
  ]);
  return customer && wallet && { customer, wallet };
}
