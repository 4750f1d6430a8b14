import * as z from 'zod';
import { cached } from '../cached.ts';
import { ConfigurationError } from '../config/env.ts';
import { countriesPartition, countryKey } from '../table/keys.ts';
import { readPrefix, write } from '../table/table.ts';

/** Range of mobile numbers that libphonenumber does not have yet. */
export const PhoneRange = z.strictObject({
  /** First digits of a number, without the calling code and the trunk prefix: `52`. */
  prefix: z.string().regex(/^\d+$/),
  /** Length of a number, without the calling code and the trunk prefix. */
  digits: z.int(),
});
export type PhoneRange = z.infer<typeof PhoneRange>;

/** Country as operators seed it. */
export const Country = z.object({
  /** ISO 3166-1 alpha-2. */
  code: z.string().regex(/^[A-Z]{2}$/),
  /** The seed fills in the names of `Intl`, whose data take a tenth of a cold start to load. */
  names: z.strictObject({ en: z.string(), ar: z.string() }).optional(),
  flag: z.url(),
  /** Calling code without a plus: `20`. */
  phoneCode: z.string().regex(/^\d{1,4}$/),
  /** ISO 4217 currency of a new customer's wallet. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** Whether the country is listed and its phones can sign in. */
  active: z.boolean(),
  position: z.int().default(0),
  extraPhoneRanges: z.array(PhoneRange).default([]),
});
export type Country = z.infer<typeof Country>;

export const all = cached<ReadonlyMap<string, Country>>(async () => {
  const countries = await readStored();
  return new Map(countries.map((country) => [country.code, country]));
});

/** @throws {ConfigurationError} if the country is not in the table */
export async function find(code: string): Promise<Country> {
  // Operators may have loaded the country after the list was cached.
  const country = (await all()).get(code) ?? (await all.refresh()).get(code);
  if (!country) throw new ConfigurationError(`The country ${code} is not in the table; load the seed data.`);
  return country;
}

/** Reads the countries without the cache. */
export async function readStored(): Promise<Country[]> {
  const countries = await readPrefix(countriesPartition, '', Country);
  return countries.toSorted((a, b) => a.position - b.position);
}

export function save(country: z.input<typeof Country>): Promise<unknown> {
  return write({ kind: 'put', key: countryKey(country.code), item: country });
}
