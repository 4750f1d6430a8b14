import * as z from 'zod';
import { PublicSettings, reservedNames, SettingValue } from '../repositories/publicSettings.ts';
import { code } from './fields.ts';

const mostAtOnce = 50;
const name = z
  .string()
  .regex(/^[a-zA-Z]\w{0,63}$/)
  .refine((value) => !reservedNames.includes(value), code('invalid'));

/** What operators change of the public settings. */
export const SettingsChange = z
  .object({
    set: z.record(name, SettingValue).default({}),
    remove: z.array(name).max(mostAtOnce).default([]),
  })
  .refine(({ set }) => Object.keys(set).length <= mostAtOnce, {
    path: ['set'],
    ...code('max_length', { max: mostAtOnce }),
  })
  .refine(({ set, remove }) => remove.every((name) => !Object.hasOwn(set, name)), {
    path: ['remove'],
    ...code('conflicting'),
  })
  .superRefine(({ set }, context) => {
    const { error } = PublicSettings.safeParse(set);
    for (const { path } of error?.issues ?? []) {
      context.addIssue({ code: 'custom', path: ['set', ...path], params: { code: 'invalid' } });
    }
  });
