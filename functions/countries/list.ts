import * as z from 'zod';
import * as countries from '../../lib/countries/countryRepository.ts';
import { Country, showCountry } from '../../lib/countries/countrySchema.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    operationId: 'ListCountries',
    tag: 'countries',
    summary: "List the countries that the shop serves, in the operators' order.",
    description: 'Use it for the country picker of the phone field. The response can be cached for a day.',
    returns: { 200: z.array(Country) },
    cacheControl: 'public, max-age=86400',
  },
  async ({ language }) => {
    const all = [...(await countries.all()).values()];
    return all.filter(({ active }) => active).map((country) => showCountry(country, language));
  },
);
