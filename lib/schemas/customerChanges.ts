import * as z from 'zod';
import { nowSeconds, utcDate } from '../clock.ts';
import { languages } from '../errors.ts';
import { genders } from '../repositories/customers.ts';
import { choice, clearable, code, text } from './fields.ts';
import { image } from './image.ts';

const email = text({ max: 254, clears: true })
  .transform((value) => value.toLowerCase())
  .refine((value) => value === '' || z.email().safeParse(value).success, code('invalid'));

/** Nobody who can hold a phone was born before. */
const earliest = '1900-01-01';
const pastDate = text({ max: 10 })
  .pipe(z.iso.date())
  .refine((date) => date >= earliest && date <= utcDate(nowSeconds()), code('invalid'))
  .meta({ format: 'date', minLength: undefined, maxLength: undefined });

const addressId = z.preprocess(
  (value) => (typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value),
  z.int().min(1),
);

/** What a customer may change; what is left out stays. */
export const CustomerChanges = z
  .object({
    full_name: text({ max: 255, clears: true }),
    image: clearable(image),
    birth_date: clearable(pastDate),
    primary_address: clearable(addressId),
    email,
    gender: choice(genders),
    language: choice(languages),
  })
  .partial();
export type CustomerChanges = z.output<typeof CustomerChanges>;
