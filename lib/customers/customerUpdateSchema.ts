import * as z from 'zod';
import { choice, clearable, digitsToInteger, id, removeBidiControls, text } from '../http/fields.ts';
import { image } from '../images/imageSchema.ts';
import { languages } from '../languages.ts';
import { genders } from './customerRepository.ts';
import { birthDate, emailAddress } from './personFields.ts';

const addressId = z.preprocess(digitsToInteger, id);

/** The fields that a customer may change. Omitted fields stay unchanged. */
export const CustomerChanges = z
  .object({
    full_name: text({ max: 255, clears: true, clean: removeBidiControls }).describe('First and last name.'),
    image: clearable(image),
    birth_date: clearable(birthDate).describe('`YYYY-MM-DD`, from 1900 to today.'),
    primary_address: clearable(addressId).describe('The id of one of the customer’s addresses.'),
    email: emailAddress({ clears: true }).describe('Unique among all customers. It is stored in lower case.'),
    gender: choice(genders).describe('`M`, `F`, or `NS` for not specified.'),
    language: choice(languages).describe('The language of texts, SMS and pushes.'),
  })
  .partial();
export type CustomerChanges = z.output<typeof CustomerChanges>;
