import * as z from 'zod';
import * as repository from '../lib/countries/countryRepository.ts';
import { nameCountry } from '../lib/countries/countrySchema.ts';
import { check, read, toInputError } from './files.ts';
import { findBadRanges } from './phoneRanges.ts';
import { compare, type Plan } from './plan.ts';

/**
 * Reads the countries of the file.
 * @throws {InputError} if the file is invalid
 */
export async function readCountries(): Promise<repository.Country[]> {
  const countries = check('countries', z.array(repository.Country.strict()), await read('countries'));
  const problems = await findBadRanges(countries);
  if (problems.length > 0) throw toInputError('countries', problems);
  return countries.map((country) => ({ names: namesOf(country.code), ...country }));
}

const namesOf = (code: string) => ({ en: nameCountry(code, 'en'), ar: nameCountry(code, 'ar') });

/**
 * Plans to load countries. Countries that are no longer in the file stay, because customers may be
 * from there.
 */
export async function planCountries(countries: readonly repository.Country[]): Promise<Plan> {
  const before = await repository.readStored();
  const unlisted = before.filter(({ code }) => !countries.some((country) => country.code === code));
  const after = [...countries, ...unlisted];
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
