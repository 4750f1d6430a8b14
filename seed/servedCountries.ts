import * as z from 'zod';
import * as repository from '../lib/countries/countryRepository.ts';
import { check, read, refusalOf } from './files.ts';
import { findBadRanges } from './phoneRanges.ts';
import { compare, type Plan } from './plan.ts';

/** The countries of the file. @throws {Refusal} where it is wrong */
export async function readCountries(): Promise<repository.Country[]> {
  const countries = check('countries', z.array(repository.Country.strict()), await read('countries'));
  const problems = await findBadRanges(countries);
  if (problems.length > 0) throw refusalOf('countries', problems);
  return countries;
}

/** Customers may be from a country that is not in the file any more, so it stays. */
export async function planCountries(countries: readonly repository.Country[]): Promise<Plan> {
  const before = await repository.readStored();
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
