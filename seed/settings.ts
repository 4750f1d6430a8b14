import type { SettingValues } from '../lib/settings/publicSettings.ts';

/**
 * The initial public settings at `/api/customer/configurations`. Operators may change them later.
 * Add the settings that your apps need.
 */
export const settings: SettingValues = {
  enablePhoneLogin: false,
};
