import { code, readable, toAsciiDigits } from '../http/fields.ts';
import { isCommon } from './commonPasswords.ts';

const most = 256;
const fewest = 8;
const length = (password: string) => Array.from(password).length;

/**
 * A password as the customer types it. Every character counts, even white space at the ends. NFC
 * makes it independent of the keyboard.
 */
const characters = readable
  .transform((value) => value.normalize('NFC'))
  .refine((value) => value !== '', code('blank'))
  // `abort` stops here, because the later checks take time in proportion to the length.
  .refine((value) => length(value) <= most, { ...code('max_length', { max: most }), abort: true });

/**
 * A password to compare. The rules for new passwords may have changed since the customer chose it.
 */
export const givenPassword = characters.meta({ minLength: 1, maxLength: most, description: 'The current password.' });

export const newPassword = characters
  .refine((value) => length(value) >= fewest, code('min_length', { min: fewest }))
  .refine(async (value) => !(await isCommon(value)), code('too_common'))
  .meta({
    minLength: fewest,
    maxLength: most,
    description: 'The new password: 8 to 256 characters, no common password, and not the e-mail address or the phone.',
  });

/**
 * Returns whether a password is the customer's e-mail address or phone (E.164). A phone counts with
 * or without its prefix, and in any digits and punctuation.
 */
export function isGuessable(password: string, { email, phone }: { email?: string; phone?: string }): boolean {
  const small = toAsciiDigits(password.normalize('NFKC').trim().toLowerCase());
  const digits = small.replace(/[^\p{L}\p{N}]/gu, '').replace(/^0+/, '');
  return small === email || (digits.length >= fewest - 1 && phone?.endsWith(digits) === true);
}
