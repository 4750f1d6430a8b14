import * as z from 'zod';
import { cached } from '../cached.ts';
import { failFields } from '../errors.ts';
import { setExpression } from '../table/expressions.ts';
import { publicSettingsKey } from '../table/keys.ts';
import { readAll, write } from '../table/table.ts';

export const SettingValue = z.union([z.string().max(2_000), z.number(), z.boolean()]);
export type SettingValues = Record<string, z.infer<typeof SettingValue>>;

/** Settings of a stage that everybody may see. Those that the backend itself goes by have a type and a default. */
export const PublicSettings = z
  .object({
    enablePhoneLogin: z
      .boolean()
      .default(false)
      .describe('Whether customers log in with phone and password instead of e-mail and password.'),
  })
  .catchall(SettingValue)
  .meta({ id: 'PublicSettings', description: 'Settings that the operators of the shop publish.' });
export type PublicSettings = z.infer<typeof PublicSettings>;

/** Each setting is an attribute, so that two operators who change different ones both get their way. */
const Stored = z.record(z.string(), SettingValue);

export const publicSettings = cached(async () => PublicSettings.parse(await readStoredSettings()));

/** Those that the stage has been given, as they are now. */
export async function readStoredSettings(): Promise<SettingValues> {
  const [item] = await readAll([{ key: publicSettingsKey, as: Stored }]);
  const { pk: _, sk: __, ...settings } = item ?? {};
  return settings;
}

/** Names that a setting cannot have. */
export const reservedNames: readonly string[] = ['pk', 'sk', 'expiresAtSeconds'];

/** Of all settings as JSON. An item of the table holds 400 kB, and a character takes up to three bytes of it. */
const mostCharacters = 100_000;

/** Sets some and takes others away, and leaves the rest alone. @throws `max_length` for `set` when they are too many */
export async function changeSettings(set: SettingValues, remove: readonly string[] = []): Promise<void> {
  const { expression: assignments, values } = setExpression(set);
  if (assignments) {
    const after = { ...(await readStoredSettings()), ...set };
    for (const name of remove) delete after[name];
    if (JSON.stringify(after).length > mostCharacters) {
      failFields({ attr: 'set', code: 'max_length', max: mostCharacters });
    }
  }
  const removals = remove.length > 0 ? `REMOVE ${remove.map((name) => `#${name}`).join(', ')}` : '';
  const expression = `${assignments} ${removals}`.trim();
  if (expression) await write({ kind: 'update', key: publicSettingsKey, expression, values });
}
