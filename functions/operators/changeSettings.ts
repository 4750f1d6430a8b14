import { internalFunction } from '../../lib/http/internalFunction.ts';
import { addAuditEntryWrites } from '../../lib/operators/auditLog.ts';
import { changeSettings, PublicSettings, readStoredSettings } from '../../lib/settings/publicSettings.ts';
import { SettingsChange } from '../../lib/settings/settingsSchema.ts';

export const handler = internalFunction(
  {
    summary: 'Change the public settings. Functions use the change within a minute. Returns all settings.',
    input: SettingsChange,
    returns: PublicSettings,
  },
  async ({ set, remove, ...operator }) => {
    const details = { set: Object.keys(set), removed: remove };
    await changeSettings(set, remove, addAuditEntryWrites({ action: 'changeSettings', ...operator, details }));
    return PublicSettings.parse(await readStoredSettings());
  },
);
