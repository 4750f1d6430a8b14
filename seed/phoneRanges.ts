import type { CountryCode, NumberType, PhoneNumber } from 'libphonenumber-js/max';
import type { Country, PhoneRange } from '../lib/countries/countryRepository.ts';

/** A shorter prefix would cover most numbers of a country. */
const fewestPrefixDigits = 2;

const mostDigits = 15;

/** Enough digits after a prefix to tell types of numbers apart. */
const sampledDigits = 4;

const kinds: Partial<Record<Exclude<NumberType, undefined>, string>> = {
  FIXED_LINE: 'fixed lines',
  PREMIUM_RATE: 'premium-rate numbers',
  SHARED_COST: 'shared-cost numbers',
  TOLL_FREE: 'toll-free numbers',
  VOIP: 'VoIP numbers',
  PERSONAL_NUMBER: 'personal numbers',
  PAGER: 'pagers',
  UAN: 'universal access numbers',
  VOICEMAIL: 'voicemail numbers',
};

interface Problem {
  path: (string | number)[];
  message: string;
}

/**
 * Finds extra ranges that are malformed, belong to another country, or contain non-mobile numbers.
 */
export async function findBadRanges(countries: readonly Country[]): Promise<Problem[]> {
  if (countries.every(({ extraPhoneRanges }) => extraPhoneRanges.length === 0)) return [];
  // The metadata of all number types takes long to load, and few shops need it.
  const library = await import('libphonenumber-js/max');
  return countries.flatMap((country, place) =>
    country.extraPhoneRanges.flatMap((range, index) => {
      const others = countries.slice(0, place).filter(({ phoneCode }) => phoneCode === country.phoneCode);
      const message =
        findFormatError(country, range, library) ??
        findOverlap(
          range,
          others.flatMap(({ extraPhoneRanges }) => extraPhoneRanges),
        ) ??
        findOtherUse(country, range, library.parsePhoneNumberFromString);
      return message ? [{ path: [place, 'extraPhoneRanges', index], message }] : [];
    }),
  );
}

type Library = typeof import('libphonenumber-js/max');

function findFormatError(
  { code, phoneCode }: Country,
  { prefix, digits }: PhoneRange,
  library: Library,
): string | undefined {
  const { getCountryCallingCode, isSupportedCountry, Metadata } = library;
  if (!isSupportedCountry(code) || getCountryCallingCode(code) !== phoneCode) {
    return `${phoneCode} is not the calling code of ${code}`;
  }
  const metadata = new Metadata();
  metadata.selectNumberingPlan(code);
  // The types of the library omit this method.
  const plan = metadata.numberingPlan as { nationalPrefix?: () => string | undefined } | undefined;
  const trunk = plan?.nationalPrefix?.();
  if (trunk && prefix.startsWith(trunk)) {
    return `${prefix} begins with the trunk prefix ${trunk}; write the prefix as it follows +${phoneCode}`;
  }
  if (prefix.length < fewestPrefixDigits) {
    return `the prefix ${prefix} is too short, ${fewestPrefixDigits} digits are the least`;
  }
  if (digits <= prefix.length || phoneCode.length + digits > mostDigits) {
    return `numbers of ${digits} digits are impossible; with a prefix of ${prefix.length} digits behind +${phoneCode} they have ${prefix.length + 1} to ${mostDigits - phoneCode.length}`;
  }
  return undefined;
}

/** Reports a range that another country with the same calling code already has. */
function findOverlap({ prefix, digits }: PhoneRange, others: readonly PhoneRange[]): string | undefined {
  const isShared = others.some(
    (other) => other.digits === digits && (other.prefix.startsWith(prefix) || prefix.startsWith(other.prefix)),
  );
  return isShared ? `${prefix} is a range of another country with this calling code` : undefined;
}

type Parse = (number: string) => PhoneNumber | undefined;

/**
 * Reports known numbers of a range that are not mobile or belong to another country. An SMS to them
 * could be very expensive.
 */
function findOtherUse({ code, phoneCode }: Country, range: PhoneRange, parse: Parse): string | undefined {
  for (const national of samplesOf(range)) {
    const phone = parse(`+${phoneCode}${national}`);
    if (!phone?.isValid()) continue;
    const kind = kinds[phone.getType() ?? 'MOBILE'];
    if (kind) return `${range.prefix} holds ${kind}, such as ${phone.number}`;
    if (phone.country !== (code as CountryCode)) {
      return `${range.prefix} holds numbers of ${phone.country}, such as ${phone.number}`;
    }
  }
  return undefined;
}

function* samplesOf({ prefix, digits }: PhoneRange): Generator<string> {
  const variedDigits = Math.min(sampledDigits, digits - prefix.length);
  for (let number = 0; number < 10 ** variedDigits; number++) {
    const start = `${prefix}${String(number).padStart(variedDigits, '0')}`;
    yield start.padEnd(digits, '0');
    yield start.padEnd(digits, '9');
  }
}
