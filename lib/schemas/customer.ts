import * as z from 'zod';
import { languages } from '../errors.ts';
import { imageUrl } from '../images/urls.ts';
import type * as countries from '../repositories/countries.ts';
import { genders, type Customer as Stored } from '../repositories/customers.ts';
import type * as wallets from '../repositories/wallets.ts';
import { Country, showCountry } from './country.ts';
import { id } from './fields.ts';
import { Uri } from './uri.ts';
import { showWallet, Wallet } from './wallet.ts';

export const Customer = z
  .object({
    id,
    phone_number: z
      .string()
      .max(128)
      .describe('E.164; empty for a phone that was given without proof and is somebody else’s.'),
    full_name: z.string().max(255).describe('Empty until set.'),
    email: z.string().max(254).describe('Empty until set.'),
    image: Uri.nullable(),
    gender: z.enum(genders),
    birth_date: z.iso.date().nullable(),
    primary_address: id.nullable().describe('The id of an address.'),
    is_profile_completed: z.boolean(),
    language: z.enum(languages),
    country: Country,
    wallet: Wallet,
  })
  .meta({ id: 'Customer' });
export type Customer = z.infer<typeof Customer>;

/** A customer as they see themselves, with the phone that is to be shown of them. */
export function showCustomer(
  customer: Stored,
  phone: string,
  country: countries.Country,
  wallet: wallets.Wallet,
): Customer {
  const { fullName, email, gender, birthDate, language } = customer;
  return {
    id: customer.id,
    phone_number: phone,
    full_name: fullName,
    email,
    image: imageUrl(customer.id, customer.image),
    gender,
    birth_date: birthDate,
    primary_address: customer.primaryAddressId,
    is_profile_completed: Boolean(fullName && email && gender && birthDate),
    language,
    country: showCountry(country, language),
    wallet: showWallet(wallet),
  };
}
