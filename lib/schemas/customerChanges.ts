import * as z from 'zod';
import { languages } from '../errors.ts';
import { genders } from '../repositories/customers.ts';
import { choice, clearable, digitsToInteger, id, text } from './fields.ts';
import { image } from './image.ts';
import { birthDate, emailAddress } from './person.ts';

const addressId = z.preprocess(digitsToInteger, id);

/** What a customer may change; what is left out stays. */
export const CustomerChanges = z
  .object({
    full_name: text({ max: 255, clears: true }),
    image: clearable(image),
    birth_date: clearable(birthDate),
    primary_address: clearable(addressId),
    email: emailAddress({ clears: true }),
    gender: choice(genders),
    language: choice(languages),
  })
  .partial();
export type CustomerChanges = z.output<typeof CustomerChanges>;
