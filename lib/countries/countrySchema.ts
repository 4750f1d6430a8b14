import * as z from 'zod';
import { Uri } from '../http/uri.ts';
import type { Language } from '../languages.ts';
import type * as countries from './countryRepository.ts';

export const Country = z
  .object({
    code: z.string().length(2).describe('ISO 3166-1 alpha-2.'),
    flag: Uri.describe('The URL of a picture of the flag.'),
    phone_code: z.string().max(4).describe('The calling code without `+`: `20`.'),
    name: z.string().max(100).describe('In the language of the request.'),
  })
  .meta({ id: 'Country', description: 'A country that the shop serves.' });
export type Country = z.infer<typeof Country>;

export function showCountry({ code, flag, phoneCode, names }: countries.Country, language: Language): Country {
  return { code, flag, phone_code: phoneCode, name: names?.[language] ?? nameCountry(code, language) };
}

export function nameCountry(code: string, language: Language): string {
  return new Intl.DisplayNames([language], { type: 'region' }).of(code) ?? code;
}
