import { changeSettings, readStoredSettings, type SettingValues } from '../lib/settings/publicSettings.ts';
import { SettingsToSet } from '../lib/settings/settingsSchema.ts';
import { check } from './files.ts';
import { compare, type Plan } from './plan.ts';

/**
 * Plans to load the settings that a stage lacks. Settings that operators have changed stay
 * unchanged.
 */
export async function planSettings(input: unknown): Promise<Plan> {
  const settings = check('settings', SettingsToSet, input);
  const before = await readStoredSettings();
  const entries = (all: SettingValues) => Object.entries(all).map(([code, value]) => ({ code, value }));
  const added = Object.fromEntries(Object.entries(settings).filter(([name]) => !Object.hasOwn(before, name)));
  const changes = compare('settings', entries(before), entries({ ...before, ...added }));
  if (changes.added === 0) return changes;
  return {
    ...changes,
    writes: 1,
    apply: async (written) => {
      await changeSettings(added);
      written(1);
    },
  };
}
