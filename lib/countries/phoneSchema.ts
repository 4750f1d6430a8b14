import { type PhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/mobile';
import * as z from 'zod';
import { code, text, toAsciiNumber } from '../http/fields.ts';
import * as countries from './countryRepository.ts';

export interface Phone {
  /** E.164: `+201001234567`. */
  number: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
}

/**
 * Mobile number of an active country, with its calling code after `+` or `00`. Any digits, spaces
 * and dashes are accepted. Other numbers are rejected, because an OTP to them costs money and
 * reaches no customer.
 */
export const phoneNumber = text({ max: 128, clean: (value) => toAsciiNumber(value).replace(/\s+/g, ' ') })
  .transform((value, context): Phone | Promise<Phone> => {
    const reject = () => {
      context.addIssue({ code: 'custom', params: { code: 'invalid' } });
      return z.NEVER;
    };
    const parsed = parsePhoneNumberFromString(value.replace(/^00/, '+'), { extract: false });
    if (!parsed || parsed.ext) return reject();
    if (parsed.isValid() && parsed.country) return { number: parsed.number, country: parsed.country };
    return findInExtraRanges(parsed).then((phone) => phone ?? reject());
  })
  .refine(async ({ country }) => (await countries.all()).get(country)?.active === true, code('country_not_served'))
  .describe(
    'A mobile number: E.164 or `00` and the calling code, such as `+201001234567`. Spaces, dashes and Arabic digits are accepted.',
  );

async function findInExtraRanges({ countryCallingCode, nationalNumber }: PhoneNumber): Promise<Phone | undefined> {
  // Without metadata for the range, the parser may keep the trunk prefix.
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
