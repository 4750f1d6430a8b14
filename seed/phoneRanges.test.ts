import type { Country, PhoneRange } from '../lib/countries/countryRepository.ts';
import { countries } from './countries.ts';
import { findBadRanges } from './phoneRanges.ts';

const withRanges = (code: string, ...extraPhoneRanges: PhoneRange[]): Country[] =>
  countries.map((country) => (country.code === code ? { ...country, extraPhoneRanges } : country));

const problemsOf = async (...args: Parameters<typeof withRanges>) =>
  (await findBadRanges(withRanges(...args))).map(({ message }) => message);

test('unassigned and mobile ranges are accepted', async () => {
  expect(await problemsOf('SA', { prefix: '52', digits: 9 })).toEqual([]);
  expect(await problemsOf('SA', { prefix: '50', digits: 9 })).toEqual([]);
  expect(await problemsOf('EG', { prefix: '13', digits: 10 }, { prefix: '145', digits: 10 })).toEqual([]);
});

test.each<[string, string, PhoneRange, RegExp]>([
  [
    'premium-rate numbers',
    'SA',
    { prefix: '925', digits: 9 },
    /^925 holds premium-rate numbers, such as \+966925\d{6}$/,
  ],
  ['premium-rate numbers among others', 'SA', { prefix: '92', digits: 9 }, /^92 holds shared-cost numbers/],
  ['premium-rate numbers of Egypt', 'EG', { prefix: '900', digits: 10 }, /^900 holds premium-rate numbers/],
  ['toll-free numbers', 'SA', { prefix: '800', digits: 10 }, /^800 holds toll-free numbers/],
  ['fixed lines', 'QA', { prefix: '44', digits: 8 }, /^44 holds fixed lines/],
  [
    'a trunk prefix',
    'SA',
    { prefix: '052', digits: 10 },
    /^052 begins with the trunk prefix 0; write .+ follows \+966$/,
  ],
  ['one digit', 'SA', { prefix: '5', digits: 9 }, /^the prefix 5 is too short, 2 digits are the least$/],
  ['no digit after the prefix', 'SA', { prefix: '521234567', digits: 9 }, /^numbers of 9 digits are impossible/],
  [
    'more digits than E.164 allows',
    'SA',
    { prefix: '52', digits: 13 },
    /^numbers of 13 digits are impossible.+ 3 to 12$/,
  ],
])('a range with %s is rejected with one sentence', async (_, code, range, message) => {
  expect(await problemsOf(code, range)).toEqual([expect.stringMatching(message)]);
});

test('a range of another country with the same calling code is rejected', async () => {
  const [egypt] = countries;
  if (!egypt) throw new Error('There is no country.');
  const range = { prefix: '999', digits: 10 };
  const american = (code: string, prefix: string): Country => {
    return { ...egypt, code, phoneCode: '1', extraPhoneRanges: [{ ...range, prefix }] };
  };
  const messages = async (...all: Country[]) => (await findBadRanges(all)).map(({ message }) => message);
  expect(await messages(american('US', '999'), american('CA', '9991'))).toEqual([
    '9991 is a range of another country with this calling code',
  ]);
  expect(await messages(american('US', '876'))).toEqual([expect.stringContaining('876 holds ')]);
  expect(await messages({ ...american('US', '999'), phoneCode: '979' })).toEqual(['979 is not the calling code of US']);
});
