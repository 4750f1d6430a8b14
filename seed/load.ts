import * as repository from '../lib/repositories/countries.ts';
import { countries } from './countries.ts';

/** Loads the seed data into the table of the environment; safe to repeat. Returns how many of each it holds. */
export async function loadSeed(): Promise<Record<string, number>> {
  await Promise.all(countries.map((country) => repository.save(repository.Country.parse(country))));
  return { countries: countries.length };
}
