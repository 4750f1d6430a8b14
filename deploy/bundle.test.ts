import { parsePhoneNumberFromString } from 'libphonenumber-js/core';
import examples from 'libphonenumber-js/examples.mobile.json';
import metadata from 'libphonenumber-js/metadata.mobile.json';
import { removePhoneFormats } from './bundle.ts';

const smaller = removePhoneFormats(metadata as never);

/** The example of a country, with and without its trunk prefix, cut short, longer and changed. */
const variants = Object.entries(examples as Record<string, string>).flatMap(([country, national]) => {
  const [code] = (metadata.countries as Record<string, unknown[]>)[country] ?? [];
  const digits = [national, `0${national}`, national.slice(1), `${national}0`, national.replace(/.$/, '1')];
  return code ? digits.map((each) => `+${code}${each}`) : [];
});

test('a bundle reads every phone as the library does, without its formats', () => {
  const read = (number: string, data: unknown) => {
    const parsed = parsePhoneNumberFromString(number, { extract: false }, data as never);
    return parsed && { number: parsed.number, country: parsed.country, isValid: parsed.isValid(), ext: parsed.ext };
  };
  expect(variants.length).toBeGreaterThan(1_000);
  expect(variants.map((number) => read(number, smaller))).toEqual(variants.map((number) => read(number, metadata)));
});
