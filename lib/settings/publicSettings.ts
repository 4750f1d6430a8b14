import * as z from 'zod';
import { cached } from '../cached.ts';
import { failFields } from '../errors.ts';
import { setExpression, type Write } from '../table/expressions.ts';
import { publicSettingsKey } from '../table/keys.ts';
import { readAll, transact } from '../table/table.ts';

export const SettingValue = z.union([z.string().max(2_000), z.number(), z.boolean()]);
export type SettingValues = Record<string, z.infer<typeof SettingValue>>;

/** Public settings of a stage. A setting that the backend uses has a type and a default. */
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

/** Each setting is an attribute, so that parallel changes of two operators do not conflict. */
const Stored = z.record(z.string(), SettingValue);

export const publicSettings = cached(async () => PublicSettings.parse(await readStoredSettings()));

/** Reads the settings that operators have set, without defaults and without the cache. */
export async function readStoredSettings(): Promise<SettingValues> {
  const [item] = await readAll([{ key: publicSettingsKey, as: Stored }]);
  const { pk: _, sk: __, ...settings } = item ?? {};
  return settings;
}

/** Attributes of the table, which are no names for settings. */
export const reservedNames: readonly string[] = ['pk', 'sk', 'expiresAtSeconds'];

/** Longest JSON of all settings. An item has 400 kB, and a character takes up to three bytes. */
const mostCharacters = 100_000;

/**
 * Sets and removes settings, with other writes in the same transaction. All others stay unchanged,
 * and a change without settings writes nothing.
 * @throws `max_length` for `set`, if all settings together are too long
 */
export async function changeSettings(
  set: SettingValues,
  remove: readonly string[] = [],
  otherWrites: readonly Write[] = [],
): Promise<void> {
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
  if (expression) await transact([{ kind: 'update', key: publicSettingsKey, expression, values }, ...otherWrites]);
}
