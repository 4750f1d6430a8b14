import * as z from 'zod';
import { isFresh, nowSeconds } from '../clock.ts';
import { ConfigurationError } from '../config.ts';
import { countriesPartition, countryKey } from './keys.ts';
import { readPrefix, write } from './table.ts';

/** A country as operators seed it. Its name is not stored: every runtime knows it in both languages. */
export const Country = z.object({
  /** ISO 3166-1 alpha-2. */
  code: z.string().regex(/^[A-Z]{2}$/),
  flag: z.url(),
  /** The country calling code without a plus: `20`. */
  phoneCode: z.string().regex(/^\d{1,4}$/),
  /** ISO 4217, of a new customer's wallet. */
  currency: z.string().regex(/^[A-Z]{3}$/),
  /** Whether phones of this country may sign in. */
  active: z.boolean(),
});
export type Country = z.infer<typeof Country>;

const cacheSeconds = 60;
let cached: { countries: Promise<Map<string, Country>>; readAtSeconds: number } | undefined;

/** Every country by its code, at most a minute old. */
export async function all(): Promise<ReadonlyMap<string, Country>> {
  if (!cached || !isFresh(cached.readAtSeconds, cacheSeconds)) {
    cached = { countries: readCountries(), readAtSeconds: nowSeconds() };
    cached.countries.catch(() => {
      cached = undefined;
    });
  }
  return cached.countries;
}

/** The country of a customer. */
export async function find(code: string): Promise<Country> {
  const country = (await all()).get(code);
  if (!country) throw new ConfigurationError(`The country ${code} is not in the table; load the seed data.`);
  return country;
}

export function save(country: Country): Promise<unknown> {
  return write({ kind: 'put', key: countryKey(country.code), item: country });
}

async function readCountries(): Promise<Map<string, Country>> {
  const countries = await readPrefix(countriesPartition, '', Country);
  return new Map(countries.map((country) => [country.code, country]));
}
