import { planAppContent, planFaqs } from './content.ts';
import { read } from './files.ts';
import { planCommonPasswords } from './passwords.ts';
import type { Plan } from './plan.ts';
import { planSettings } from './publicSettings.ts';
import { planRegions } from './regions/plan.ts';
import { planCountries, readCountries } from './servedCountries.ts';

/** Everything that can be loaded, in loading order. */
export const parts = {
  countries: async () => planCountries(await readCountries()),
  regions: async () => planRegions(undefined, await readCountries()),
  app: async () => planAppContent(await read('app')),
  faqs: async () => planFaqs(await read('faqs')),
  settings: async () => planSettings(await read('settings')),
  passwords: planCommonPasswords,
} satisfies Record<string, () => Promise<Plan>>;

export type Part = keyof typeof parts;

/**
 * Loads seed data into the table of the environment. It is safe to repeat. `progress` receives the
 * number of written items and the total. Returns the number of items in each part.
 */
export async function loadSeed(
  names: readonly Part[] = Object.keys(parts) as Part[],
  progress: (written: number, of: number) => void = () => undefined,
): Promise<Record<string, number>> {
  const plans = await Promise.all(names.map((name) => parts[name]()));
  const total = plans.reduce((sum, { writes }) => sum + writes, 0);
  let written = 0;
  for (const { apply } of plans) {
    await apply((items) => {
      written += items;
      progress(written, total);
    });
  }
  return Object.fromEntries(plans.map(({ name, added, changed, unchanged }) => [name, added + changed + unchanged]));
}
