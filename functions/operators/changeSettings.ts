import { internalFunction } from '../../lib/http/internalFunction.ts';
import { changeSettings, PublicSettings, readStoredSettings } from '../../lib/settings/publicSettings.ts';
import { SettingsChange } from '../../lib/settings/settingsSchema.ts';

export const handler = internalFunction(
  {
    summary: 'Change the public settings. Functions use the change within a minute. Returns all settings.',
    input: SettingsChange,
    returns: PublicSettings,
  },
  async ({ set, remove, ...operator }) => {
    await changeSettings(set, remove, operator);
    return PublicSettings.parse(await readStoredSettings());
  },
);
