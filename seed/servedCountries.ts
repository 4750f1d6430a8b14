import * as z from 'zod';
import * as repository from '../lib/repositories/countries.ts';
import { check, read } from './files.ts';
import { compare, type Plan } from './plan.ts';

/** The countries of the file. */
export async function readCountries(): Promise<repository.Country[]> {
  return check('countries', z.array(repository.Country.strict()), await read('countries'));
}

/** Customers may be from a country that is not in the file any more, so it stays. */
export async function planCountries(countries: readonly repository.Country[]): Promise<Plan> {
  const before = await repository.stored();
  const left = before.filter(({ code }) => !countries.some((country) => country.code === code));
  const after = [...countries, ...left];
  const changes = compare('countries', before, after);
  if (changes.unchanged === after.length) return changes;
  return {
    ...changes,
    writes: after.length,
    apply: async (written) => {
      await Promise.all(after.map(repository.save));
      written(after.length);
    },
  };
}
