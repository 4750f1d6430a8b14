import { type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/mobile';
import * as z from 'zod';
import { code, text, toAsciiNumber } from '../http/fields.ts';
import * as countries from './countryRepository.ts';

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
  .transform((typed, context): Phone | Promise<Phone> => {
    const refuse = () => {
      context.addIssue({ code: 'custom', params: { code: 'invalid' } });
      return z.NEVER;
    };
    const parsed = parsePhoneNumberFromString(typed.replace(/^00/, '+'), { extract: false });
    if (!parsed || parsed.ext) return refuse();
    if (parsed.isValid() && parsed.country) return { number: parsed.number, country: parsed.country };
    return findInExtraRanges(parsed).then((phone) => phone ?? refuse());
  })
  .refine(async ({ country }) => (await countries.all()).get(country)?.active === true, code('country_not_served'))
  .describe(
    'A mobile number: E.164 or `00` and the calling code, such as `+201001234567`. Spaces, dashes and Arabic digits are accepted.',
  );

/** A number of a range that operators have added to a country. */
async function findInExtraRanges({ countryCallingCode, nationalNumber }: PhoneNumber): Promise<Phone | undefined> {
  // Without metadata for the range, the parser may have left the trunk prefix.
  const nationals = [nationalNumber, nationalNumber.replace(/^0/, '')];
  for (const { code, phoneCode, extraPhoneRanges } of (await countries.all()).values()) {
    if (phoneCode !== countryCallingCode) continue;
    const national = nationals.find((digits) => extraPhoneRanges.some((range) => isInRange(digits, range)));
    if (national) return { number: `+${phoneCode}${national}`, country: code };
  }
  return undefined;
}

function isInRange(national: string, { prefix, digits }: countries.PhoneRange): boolean {
  return national.length === digits && national.startsWith(prefix);
}
