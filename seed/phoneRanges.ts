import type { CountryCode, NumberType, PhoneNumber } from 'libphonenumber-js/max';
import type { Country, PhoneRange } from '../lib/countries/countryRepository.ts';

/** A shorter prefix would open most numbers of a country. */
const fewestPrefixDigits = 2;

/** E.164. */
const mostDigits = 15;

/** Types of numbers are told apart by fewer digits behind a prefix. */
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

/** Extra ranges that are none, that another country has, or that hold numbers that are known not to be mobile. */
export async function findBadRanges(countries: readonly Country[]): Promise<Problem[]> {
  if (countries.every(({ extraPhoneRanges }) => extraPhoneRanges.length === 0)) return [];
  // The metadata of all types takes long to load, and few shops need it.
  const library = await import('libphonenumber-js/max');
  return countries.flatMap((country, place) =>
    country.extraPhoneRanges.flatMap((range, index) => {
      const others = countries.slice(0, place).filter(({ phoneCode }) => phoneCode === country.phoneCode);
      const message =
        misshapen(country, range, library) ??
        overlap(
          range,
          others.flatMap(({ extraPhoneRanges }) => extraPhoneRanges),
        ) ??
        otherUse(country, range, library.parsePhoneNumberFromString);
      return message ? [{ path: [place, 'extraPhoneRanges', index], message }] : [];
    }),
  );
}

type Library = typeof import('libphonenumber-js/max');

function misshapen({ code, phoneCode }: Country, { prefix, digits }: PhoneRange, library: Library): string | undefined {
  const { getCountryCallingCode, isSupportedCountry, Metadata } = library;
  if (!isSupportedCountry(code) || getCountryCallingCode(code) !== phoneCode) {
    return `${phoneCode} is not the calling code of ${code}`;
  }
  const metadata = new Metadata();
  metadata.selectNumberingPlan(code);
  // The library's types leave this method out.
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

/** Countries that share a calling code cannot share a range as well. */
function overlap({ prefix, digits }: PhoneRange, others: readonly PhoneRange[]): string | undefined {
  const isShared = others.some(
    (other) => other.digits === digits && (other.prefix.startsWith(prefix) || prefix.startsWith(other.prefix)),
  );
  return isShared ? `${prefix} is a range of another country with this calling code` : undefined;
}

type Parse = (number: string) => PhoneNumber | undefined;

/** Known numbers of a range that are not mobile, or of another country: codes to them may cost anything. */
function otherUse({ code, phoneCode }: Country, range: PhoneRange, parse: Parse): string | undefined {
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
  const varied = Math.min(sampledDigits, digits - prefix.length);
  for (let number = 0; number < 10 ** varied; number++) {
    const start = `${prefix}${String(number).padStart(varied, '0')}`;
    yield start.padEnd(digits, '0');
    yield start.padEnd(digits, '9');
  }
}
