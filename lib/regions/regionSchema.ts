import * as z from 'zod';
import type { Language } from '../languages.ts';
import type * as regions from './regionRepository.ts';

export const Region = z
  .object({
    code: z.string().describe('The shop’s own code of the region. Empty where there is no region.'),
    name: z.string().describe('In the language of the request. Empty where there is no region.'),
    country: z.string().length(2).nullable().describe('ISO 3166-1 alpha-2. Null where there is no region.'),
  })
  .meta({ id: 'DeliveryRegion' });
export type Region = z.infer<typeof Region>;

export const noRegion: Region = { code: '', name: '', country: null };

export function showRegion({ code, name, countryCode }: regions.Region, language: Language): Region {
  return { code, name: name[language], country: countryCode };
}
