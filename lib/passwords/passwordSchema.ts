import { code, readable, toAsciiDigits } from '../http/fields.ts';
import { isCommon } from './commonPasswords.ts';

const most = 256;
const fewest = 8;
const length = (password: string) => Array.from(password).length;

/** A password as somebody types it: any characters, white space at its ends included, the same however a keyboard composes them. */
const characters = readable
  .transform((value) => value.normalize('NFC'))
  .refine((value) => value !== '', code('blank'))
  // What is too long is looked at no further: that would take the time that a text of its length asks for.
  .refine((value) => length(value) <= most, { ...code('max_length', { max: most }), abort: true });

/** One that is compared: the rules for new ones may have changed since it was chosen. */
export const givenPassword = characters.meta({ minLength: 1, maxLength: most, description: 'The current password.' });

/** One that is chosen. */
export const newPassword = characters
  .refine((value) => length(value) >= fewest, code('min_length', { min: fewest }))
  .refine(async (value) => !(await isCommon(value)), code('too_common'))
  .meta({
    minLength: fewest,
    maxLength: most,
    description: 'The new password: 8 to 256 characters, no common password, and not the e-mail address or the phone.',
  });

/**
 * Whether a password is what everybody who knows its owner would try: their e-mail address, or their phone (E.164), with or without what
 * comes before the number and in whatever digits and signs.
 */
export function isGuessable(password: string, { email, phone }: { email?: string; phone?: string }): boolean {
  const small = toAsciiDigits(password.normalize('NFKC').trim().toLowerCase());
  const digits = small.replace(/[^\p{L}\p{N}]/gu, '').replace(/^0+/, '');
  return small === email || (digits.length >= fewest - 1 && phone?.endsWith(digits) === true);
}
