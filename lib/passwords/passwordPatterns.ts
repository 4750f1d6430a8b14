import { toAsciiDigits } from '../http/fields.ts';

/** In the order of alphabets and keyboards. */
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
/** Nobody tries patterns that are longer: there are too many lengths. */
const longestPattern = 16;

/**
 * A password as guessers see it: in small letters and ASCII digits, without the signs that rules of composition ask for. Where little
 * else is there, they stay.
 */
export function normalizeGuess(password: string): string {
  const small = toAsciiDigits(password.normalize('NFKC').toLowerCase());
  const spelled = small.replace(/[@$](?=[@$]*\p{L})/gu, (sign) => (sign === '@' ? 'a' : 's'));
  const bare = spelled.replace(/[^\p{L}\p{N}]/gu, '');
  return bare.length < fewestPlain ? small : bare;
}

/**
 * Whether a folded password is a pattern: few of the characters that every keyboard has, a short piece again and again, or a row of an
 * alphabet or a keyboard.
 */
export function isSequenceOrRepetition(password: string): boolean {
  if (password.length > longestPattern || /\p{Emoji_Presentation}/u.test(password)) return false;
  if (new Set(password).size < fewestDifferent) return true;
  if (/^(.{1,4}?)\1+$/su.test(password)) return true;
  return rows.some((row) => row.repeat(Math.ceil(password.length / row.length) + 1).includes(password));
}
