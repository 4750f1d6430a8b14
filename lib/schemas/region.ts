import * as z from 'zod';
import type { Language } from '../errors.ts';
import type * as countries from '../repositories/countries.ts';
import type * as regions from '../repositories/regions.ts';
import { Country, showCountry } from './country.ts';

export const Region = z
  .object({
    code: z.string().describe('Empty where there is no region.'),
    name: z.string(),
    country: Country.nullable(),
  })
  .meta({ id: 'Region' });
export type Region = z.infer<typeof Region>;

export const noRegion: Region = { code: '', name: '', country: null };

/** A region in the reader's language. */
export function showRegion({ code, name }: regions.Region, country: countries.Country, language: Language): Region {
  return { code, name: name[language], country: showCountry(country, language) };
}
