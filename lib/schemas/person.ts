import * as z from 'zod';
import { nowSeconds, utcDate } from '../clock.ts';
import { code, removeUnseen, text } from './fields.ts';

/** An e-mail address; capital letters do not make another one. */
export function emailAddress({ clears = false } = {}) {
  return text({ max: 254, clears, clean: (typed) => removeUnseen(typed).trim() })
    .transform((value) => value.toLowerCase())
    .refine((value) => value === '' || z.email().safeParse(value).success, code('invalid'));
}

/** Nobody who can hold a phone was born before. */
const earliest = '1900-01-01';

export const birthDate = text({ max: 10 })
  .pipe(z.iso.date())
  .refine((date) => date >= earliest && date <= utcDate(nowSeconds()), code('invalid'))
  .meta({ format: 'date', minLength: undefined, maxLength: undefined });
