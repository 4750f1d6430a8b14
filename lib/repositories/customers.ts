import * as z from 'zod';
import { languages } from '../errors.ts';
import { phoneClaimKey, profileKey, walletKey } from './keys.ts';
import { readAll, type Write } from './table.ts';
import { emptyWallet, Wallet } from './wallets.ts';

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
  language: z.enum(languages),
  /** ISO 3166-1 alpha-2. */
  countryCode: z.string(),
  createdAtSeconds: z.int(),
});
export type Customer = z.infer<typeof Customer>;

/** Who holds a phone number. */
export const PhoneClaim = z.object({ customerId: z.int() });

/** The writes that create a customer with a wallet and take the phone: all refused if somebody has it already. */
export function creation(customer: Customer, currency: string): Write[] {
  const absent = 'attribute_not_exists(pk)';
  return [
    { kind: 'put', key: phoneClaimKey(customer.phoneNumber), item: { customerId: customer.id }, condition: absent },
    { kind: 'put', key: profileKey(customer.id), item: customer, condition: absent },
    { kind: 'put', key: walletKey(customer.id), item: emptyWallet(currency), condition: absent },
  ];
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

export async function withWallet(customerId: number): Promise<{ customer: Customer; wallet: Wallet } | undefined> {
  const [customer, wallet] = await readAll([
    { key: profileKey(customerId), as: Customer },
    { key: walletKey(customerId), as: Wallet },
  ]);
  return customer && wallet && { customer, wallet };
}
