import type { Country } from '../lib/repositories/countries.ts';

const flag = (code: string) => `https://flagcdn.com/${code.toLowerCase()}.svg`;

/** The countries a shop serves. To open another one, add it; to close one, set `active` to false; then load the seed. */
export const countries: Country[] = [
  { code: 'EG', flag: flag('EG'), phoneCode: '20', currency: 'EGP', active: true },
  { code: 'SA', flag: flag('SA'), phoneCode: '966', currency: 'SAR', active: true },
  { code: 'AE', flag: flag('AE'), phoneCode: '971', currency: 'AED', active: true },
  { code: 'KW', flag: flag('KW'), phoneCode: '965', currency: 'KWD', active: true },
  { code: 'QA', flag: flag('QA'), phoneCode: '974', currency: 'QAR', active: true },
  { code: 'OM', flag: flag('OM'), phoneCode: '968', currency: 'OMR', active: true },
  { code: 'BH', flag: flag('BH'), phoneCode: '973', currency: 'BHD', active: true },
];
