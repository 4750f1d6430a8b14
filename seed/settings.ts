import type { SettingValues } from '../lib/settings/publicSettings.ts';

/** What everybody may read at `/api/customer/configurations`, until operators change it. Add what your apps ask for. */
export const settings: SettingValues = {
  enablePhoneLogin: false,
};
