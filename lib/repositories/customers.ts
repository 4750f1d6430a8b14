import * as z from 'zod';
import { fail, failFields, languages } from '../errors.ts';
import { addressKey, emailClaimKey, erasureKey, phoneClaimKey, profileKey, walletKey } from './keys.ts';
import { readAll, transact, write } from './table.ts';
import { emptyWallet, Wallet } from './wallets.ts';
import { type Given, setting, type Write } from './writes.ts';

export const genders = ['M', 'F', 'NS'] as const;

export const Customer = z.object({
  id: z.int(),
  /** E.164. */
  phoneNumber: z.string(),
  fullName: z.string(),
  email: z.string(),
  image: z.string().nullable(),
  gender: z.enum(genders),
  birthDate: z.string().nullable(),
  primaryAddressId: z.int().nullable(),
  addressCount: z.int().default(0),
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
  createdAtSeconds: z.int(),
});
export type Customer = z.infer<typeof Customer>;

/** Who holds a phone number or an e-mail address. */
export const Claim = z.object({ customerId: z.int() });

/** What a customer may change about themselves. */
export type Changes = Given<
  Pick<Customer, 'fullName' | 'image' | 'birthDate' | 'primaryAddressId' | 'email' | 'gender' | 'language'>
>;

/** The writes that create a customer with a wallet and take the phone: all refused if somebody has it already. */
export function creation(customer: Customer, currency: string): Write[] {
  const absent = 'attribute_not_exists(pk)';
  return [
    { kind: 'put', key: phoneClaimKey(customer.phoneNumber), item: { customerId: customer.id }, condition: absent },
    { kind: 'put', key: profileKey(customer.id), item: customer, condition: absent },
    { kind: 'put', key: walletKey(customer.id), item: emptyWallet(currency), condition: absent },
  ];
}

/**
 * Changes what is named and leaves the rest alone, so that two who change different fields both get their way. The e-mail
 * address moves in the same transaction. Answers the customer whom the change was made to; undefined if they are gone.
 * @throws `unique` for an e-mail address of somebody else, `does_not_exist` for an address that is not the customer's
 */
export async function change(customer: Customer, changes: Changes): Promise<Customer | undefined> {
  const update = setting(changes);
  if (!update.expression) return customer;
  const { email = customer.email, primaryAddressId } = changes;
  const writes: Record<string, Write> = {
    profile: {
      kind: 'update',
      key: profileKey(customer.id),
      expression: update.expression,
      // What a change gives back, a claim or an image, must still be what was read.
      condition: 'attribute_exists(pk) AND #email = :seenEmail AND #image = :seenImage',
      values: {
        ...update.values,
        ':seenEmail': customer.email,
        ':seenImage': customer.image,
      },
    },
  };
  if (primaryAddressId) {
    const key = addressKey(customer.id, primaryAddressId);
    writes.address = { kind: 'check', key, condition: 'attribute_exists(pk)' };
  }
  if (email !== customer.email) {
    const item = { customerId: customer.id };
    if (email) writes.claim = { kind: 'put', key: emailClaimKey(email), item, condition: 'attribute_not_exists(pk)' };
    if (customer.email) writes.release = { kind: 'delete', key: emailClaimKey(customer.email) };
  }

  const result = await transact(Object.values(writes));
  if (result.done) return customer;
  const refused = new Set(Object.keys(writes).filter((_, index) => result.refused[index]));
  if (refused.has('profile')) {
    const [current] = await readAll([{ key: profileKey(customer.id), as: Customer }]);
    return current && change(current, changes);
  }
  return failFields(
    ...(refused.has('address') ? [{ attr: 'primary_address', code: 'does_not_exist' } as const] : []),
    ...(refused.has('claim') ? [{ attr: 'email', code: 'unique' } as const] : []),
  );
}

/** What a customer may choose about pushes. */
export type Preferences = Given<Pick<Customer, 'pushProductOrdered' | 'pushOther' | 'quietHours' | 'timeZone'>>;

/** Changes what is named and leaves the rest alone. @throws authenticationFailed if the customer is gone */
export async function changePreferences(customer: Customer, preferences: Preferences): Promise<Customer> {
  const { given, ...update } = setting(preferences);
  if (!update.expression) return customer;
  const key = profileKey(customer.id);
  const { done, old } = await write({ kind: 'update', key, condition: 'attribute_exists(pk)', ...update });
  return done ? Customer.parse({ ...old, ...given }) : fail('authenticationFailed');
}

/** The write that sets the language of a customer who still exists. */
export function languageChange(customer: Customer): Write {
  return {
    kind: 'update',
    key: profileKey(customer.id),
    expression: 'SET #language = :language',
    condition: 'attribute_exists(pk)',
    values: { ':language': customer.language },
  };
}

/**
 * Takes the customer away and frees their phone and e-mail address, all at once; what is left of their partition is marked
 * for erasure. Answers false if they were gone already.
 */
export async function remove(customer: Customer): Promise<boolean> {
  const owner = { ':owner': customer.id };
  const { done } = await transact([
    {
      kind: 'delete',
      key: profileKey(customer.id),
      condition: '#email = :email AND #phoneNumber = :phone',
      values: { ':email': customer.email, ':phone': customer.phoneNumber },
    },
    { kind: 'delete', key: phoneClaimKey(customer.phoneNumber), condition: '#customerId = :owner', values: owner },
    ...(customer.email ? [{ kind: 'delete' as const, key: emailClaimKey(customer.email) }] : []),
    { kind: 'put', key: erasureKey(customer.id), item: { customerId: customer.id } },
  ]);
  if (done) return true;
  const [current] = await readAll([{ key: profileKey(customer.id), as: Customer }]);
  return current ? remove(current) : false;
}

/** Has the worker erase what is left of a customer who is gone. */
export function markForErasure(customerId: number): Promise<unknown> {
  return write({ kind: 'put', key: erasureKey(customerId), item: { customerId } });
}

export async function withWallet(customerId: number): Promise<{ customer: Customer; wallet: Wallet } | undefined> {
  const [customer, wallet] = await readAll([
    { key: profileKey(customerId), as: Customer },
    { key: walletKey(customerId), as: Wallet },
  ]);
  return customer && wallet && { customer, wallet };
}
