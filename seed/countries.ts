import { type CountryCode, getCountryCallingCode } from 'libphonenumber-js/mobile';
import type { Country, PhoneRange } from '../lib/countries/countryRepository.ts';

/**
 * The countries that a shop serves, in the order of the apps' lists. Add a country to open it, or
 * set its `active` to false to close it. Then load the seed. If a regulator opens mobile numbers
 * that are still `invalid` here, add their range. For example, `extraPhoneRanges: [{ prefix: '52',
 * digits: 9 }]` allows +966 52 and seven more digits.
 */
const served: { code: CountryCode; currency: string; active: boolean; extraPhoneRanges?: PhoneRange[] }[] = [
  { code: 'EG', currency: 'EGP', active: true },
  { code: 'SA', currency: 'SAR', active: true },
  { code: 'AE', currency: 'AED', active: true },
  { code: 'KW', currency: 'KWD', active: true },
  { code: 'QA', currency: 'QAR', active: true },
  { code: 'OM', currency: 'OMR', active: true },
  { code: 'BH', currency: 'BHD', active: true },
];

export const countries: Country[] = served.map((country, position) => ({
  extraPhoneRanges: [],
  ...country,
  flag: `https://flagcdn.com/${country.code.toLowerCase()}.svg`,
  phoneCode: getCountryCallingCode(country.code),
  position,
}));
