import * as z from 'zod';
import { cached } from '../cached.ts';
import { ConfigurationError } from '../config/env.ts';
import { countriesPartition, countryKey } from '../table/keys.ts';
import { readPrefix, write } from '../table/table.ts';

/** Mobile numbers that the metadata of phone numbers does not know yet. */
export const PhoneRange = z.strictObject({
  /** The first digits of a number, behind the calling code and without the trunk prefix: `52`. */
  prefix: z.string().regex(/^\d+$/),
  /** Of a whole number behind the calling code. */
  digits: z.int(),
});
export type PhoneRange = z.infer<typeof PhoneRange>;

/** A country as operators seed it. Its name is not stored: every runtime knows it in both languages. */
export const Country = z.object({
  /** ISO 3166-1 alpha-2. */
  code: z.string().regex(/^[A-Z]{2}$/),
  flag: z.url(),
  /** The country calling code without a plus: `20`. */
  phoneCode: z.string().regex(/^\d{1,4}$/),
  /** ISO 4217, of a new customer's wallet. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** Whether the shop serves it: it is listed, and its phones may sign in. */
  active: z.boolean(),
  /** Its place in the list. */
  position: z.int().default(0),
  extraPhoneRanges: z.array(PhoneRange).default([]),
});
export type Country = z.infer<typeof Country>;

/** Every country by its code, in the operators' order. */
export const all = cached<ReadonlyMap<string, Country>>(async () => {
  const countries = await readStored();
  return new Map(countries.map((country) => [country.code, country]));
});

/** The country of a customer. */
export async function find(code: string): Promise<Country> {
  // A country and its regions may have been loaded since the list was read.
  const country = (await all()).get(code) ?? (await all.refresh()).get(code);
  if (!country) throw new ConfigurationError(`The country ${code} is not in the table; load the seed data.`);
  return country;
}

/** The countries as they stand in the table now. */
export async function readStored(): Promise<Country[]> {
  const countries = await readPrefix(countriesPartition, '', Country);
  return countries.toSorted((a, b) => a.position - b.position);
}

export function save(country: z.input<typeof Country>): Promise<unknown> {
  return write({ kind: 'put', key: countryKey(country.code), item: country });
}
