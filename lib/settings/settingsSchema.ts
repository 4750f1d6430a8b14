import * as z from 'zod';
import { code, readable } from '../http/fields.ts';
import { optionalOperatorFields } from '../operators/operatorSchema.ts';
import { PublicSettings, reservedNames } from './publicSettings.ts';

const mostAtOnce = 50;
const name = z
  .string()
  .regex(/^[a-zA-Z]\w{0,63}$/)
  .refine((value) => !reservedNames.includes(value), code('invalid'));

/** Smallest absolute value that DynamoDB stores. The SDK rejects unsafe integers. */
const nearestToZero = 1e-130;
const number = z
  .number()
  .min(Number.MIN_SAFE_INTEGER)
  .max(Number.MAX_SAFE_INTEGER)
  .refine((value) => value === 0 || Math.abs(value) >= nearestToZero, code('invalid'));

export const SettingsToSet = z
  .record(name, z.union([readable.max(2_000), number, z.boolean()]))
  .superRefine((settings, context) => {
    const { error } = PublicSettings.safeParse(settings);
    for (const { path } of error?.issues ?? []) {
      context.addIssue({ code: 'custom', path, params: { code: 'invalid' } });
    }
  });

export const SettingsChange = z
  .object({
    set: SettingsToSet.default({}),
    remove: z.array(name).max(mostAtOnce).default([]),
    ...optionalOperatorFields,
  })
  .refine(({ set }) => Object.keys(set).length <= mostAtOnce, {
    path: ['set'],
    ...code('max_length', { max: mostAtOnce }),
  })
  .refine(({ set, remove }) => areDifferent([...Object.keys(set), ...remove]), {
    path: ['remove'],
    ...code('conflicting'),
  });

function areDifferent(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
