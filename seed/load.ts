import * as repository from '../lib/repositories/countries.ts';
import { app } from './app.ts';
import { planAppContent, planFaqs } from './content.ts';
import { countries } from './countries.ts';
import { faqs } from './faqs.ts';
import { planCommonPasswords } from './passwords.ts';
import { compare, type Plan } from './plan.ts';
import { planRegions } from './regions/plan.ts';
import { planSettings } from './settings.ts';

/** Everything that can be loaded, in the order in which it is. */
export const parts = {
  countries: planCountries,
  regions: () => planRegions(undefined, countries),
  app: () => planAppContent(app),
  faqs: () => planFaqs(faqs),
  settings: planSettings,
  passwords: planCommonPasswords,
} satisfies Record<string, () => Promise<Plan>>;

/** Loads all seed data into the table of the environment; safe to repeat. Returns how many of each it holds then. */
export async function loadSeed(): Promise<Record<string, number>> {
  const plans = await Promise.all(Object.values(parts).map((plan) => plan()));
  for (const { apply } of plans) await apply(() => undefined);
  return Object.fromEntries(plans.map(({ name, added, changed, unchanged }) => [name, added + changed + unchanged]));
}

/** Customers may be from a country that is not in the file any more, so it stays. */
async function planCountries(): Promise<Plan> {
  const before = await repository.stored();
  const left = before.filter(({ code }) => !countries.some((country) => country.code === code));
  const after = [...countries.map((country) => repository.Country.parse(country)), ...left];
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
