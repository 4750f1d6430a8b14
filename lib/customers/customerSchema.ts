import * as z from 'zod';
import type * as countries from '../countries/countryRepository.ts';
import { Country, showCountry } from '../countries/countrySchema.ts';
import { id } from '../http/fields.ts';
import { Uri } from '../http/uri.ts';
import { toImageUrl } from '../images/urls.ts';
import { languages } from '../languages.ts';
import type * as wallets from '../wallet/walletRepository.ts';
import { showWallet, Wallet } from '../wallet/walletSchema.ts';
import { genders, type Customer as Stored } from './customerRepository.ts';

export const Customer = z
  .object({
    id: id.describe('Identifies the customer. It never changes.'),
    phone_number: z
      .string()
      .max(128)
      .describe('E.164, such as `+201001234567`. Empty when another customer has verified this phone.'),
    full_name: z.string().max(255).describe('First and last name. Empty until set.'),
    email: z.string().max(254).describe('Empty until set, and when another customer has verified this address.'),
    image: Uri.nullable().describe('The URL of the profile picture, or null.'),
    gender: z.enum(genders).describe('`M`, `F`, or `NS` for not specified.'),
    birth_date: z.iso.date().nullable().describe('`YYYY-MM-DD`, or null until set.'),
    primary_address: id.nullable().describe('The id of an address.'),
    is_profile_completed: z.boolean().describe('True when name, e-mail address, gender and birth date are set.'),
    language: z.enum(languages).describe('The language of texts, SMS and pushes: `en` or `ar`.'),
    country: Country,
    wallet: Wallet,
    is_phone_verified: z.boolean().describe('Whether a code has verified the phone.'),
    is_email_verified: z.boolean().describe('Whether a code has verified the e-mail address.'),
  })
  .meta({ id: 'Customer', description: 'The signed-in customer.' });
export type Customer = z.infer<typeof Customer>;

export function showCustomer(customer: Stored, country: countries.Country, wallet: wallets.Wallet): Customer {
  const { fullName, email, gender, birthDate, language } = customer;
  return {
    id: customer.id,
    phone_number: customer.phoneNumber || customer.unprovenPhone,
    full_name: fullName,
    email,
    image: toImageUrl(customer.id, customer.image),
    gender,
    birth_date: birthDate,
    primary_address: customer.primaryAddressId,
    is_profile_completed: Boolean(fullName && email && gender && birthDate),
    language,
    country: showCountry(country, language),
    wallet: showWallet(wallet),
    is_phone_verified: customer.phoneNumber !== '',
    is_email_verified: customer.isEmailVerified,
  };
}
