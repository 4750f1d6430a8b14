import { changeSettings, type SettingValues, storedSettings } from '../lib/repositories/publicSettings.ts';
import { compare, type Plan } from './plan.ts';

/** What everybody may read at `/api/customer/configurations`, until operators change it. Add what your apps ask for. */
export const settings: SettingValues = {
  enablePhoneLogin: false,
};

/** Plans to load the settings that a stage does not have yet; what operators have set stays as it is. */
export async function planSettings(): Promise<Plan> {
  const before = await storedSettings();
  const entries = (all: SettingValues) => Object.entries(all).map(([code, value]) => ({ code, value }));
  const added = Object.fromEntries(Object.entries(settings).filter(([name]) => !(name in before)));
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
