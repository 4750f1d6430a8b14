import { toAsciiDigits } from '../http/fields.ts';

/** The characters in the order of alphabets and keyboards, in both directions. */
const rows = [
  '0123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p',
  'ابتثجحخدذرزسشصضطظعغفقكلمنهوي',
  'ضصثقفغعهخحجدشسيبلاتنمكطئءؤرلاىةوزظ',
].flatMap((row) => [row, Array.from(row).reverse().join('')]);

const fewestDifferent = 4;
const fewestPlain = 6;
/** Guessers do not attempt longer patterns, because there are too many lengths. */
const longestPattern = 16;

/**
 * Returns a password as guessers see it: in lower case and ASCII digits, without punctuation. A
 * password that is mostly punctuation keeps it.
 */
export function normalizeGuess(password: string): string {
  const small = toAsciiDigits(password.normalize('NFKC').toLowerCase());
  const spelled = small.replace(/[@$](?=[@$]*\p{L})/gu, (sign) => (sign === '@' ? 'a' : 's'));
  const bare = spelled.replace(/[^\p{L}\p{N}]/gu, '');
  return bare.length < fewestPlain ? small : bare;
}

/**
 * Returns whether a normalized password is a pattern: few different characters, a short repeated
 * piece, or a row of an alphabet or keyboard.
 */
export function isSequenceOrRepetition(password: string): boolean {
  if (password.length > longestPattern || /\p{Emoji_Presentation}/u.test(password)) return false;
  if (new Set(password).size < fewestDifferent) return true;
  if (/^(.{1,4}?)\1+$/su.test(password)) return true;
  return rows.some((row) => row.repeat(Math.ceil(password.length / row.length) + 1).includes(password));
}
