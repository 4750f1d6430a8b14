import { parsePhoneNumberFromString } from 'libphonenumber-js/mobile';
import * as z from 'zod';
import * as countries from '../repositories/countries.ts';
import { code, text, toAsciiNumber } from './fields.ts';

export interface Phone {
  /** E.164: `+201001234567`. */
  number: string;
  /** ISO 3166-1 alpha-2 of the country whose plan it belongs to. */
  country: string;
}

/**
 * A mobile number of an active country: with its calling code behind `+` or `00`, in any digits, with spaces and dashes as
 * people write them. A code sent anywhere else costs money and reaches no customer.
 */
export const phoneNumber = text({ max: 128, clean: (typed) => toAsciiNumber(typed).replace(/\s+/g, ' ') })
  .transform((typed, context): Phone => {
    const parsed = parsePhoneNumberFromString(typed.replace(/^00/, '+'), { extract: false });
    if (parsed?.isValid() && parsed.country && !parsed.ext) return { number: parsed.number, country: parsed.country };
    context.addIssue({ code: 'custom', params: { code: 'invalid' } });
    return z.NEVER;
  })
  .refine(async ({ country }) => (await countries.all()).get(country)?.active === true, code('country_not_served'));
