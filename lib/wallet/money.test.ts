import { toDecimal } from './money.ts';

test.each([
  [0, 'EGP', '0.00'],
  [150, 'EGP', '1.50'],
  [5, 'SAR', '0.05'],
  [-5, 'SAR', '-0.05'],
  [150, 'KWD', '0.150'],
  [150, 'JPY', '150'],
  [150, 'IQD', '0.150'],
  [150, 'LBP', '1.50'],
  [150, 'KRW', '150'],
  [-1_234_567, 'BHD', '-1234.567'],
])('%i minor units of %s are %s', (minor, currency, expected) => {
  expect(toDecimal(minor, currency)).toBe(expected);
});
