import * as z from 'zod';
import type { FieldErrorCode } from '../errorTexts.ts';

/** For `refine`: the contract's code of a rule that zod has no name for. */
export const code = (code: FieldErrorCode, limits: { min?: number; max?: number } = {}) => ({
  params: { code, ...limits },
});

/** For `refine` of an object: this field is missing because of the others; said beside whatever is wrong with those. */
export const missing = (field: string) => ({
  path: [field],
  params: { code: 'required' },
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null && !Array.isArray(value),
});

/** A text, without what no screen can show and no database should hold. */
export const readable = z
  .string()
  .refine((value) => !value.includes('\0'), code('null_characters_not_allowed'))
  .refine((value) => value.isWellFormed(), code('invalid'));

/** Format characters, fillers, control characters and the blank Braille pattern, not white space. */
const unseen = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]|(?!\s)\p{Cc}/gu;

/** Keyboards, autofill and right-to-left text leave such characters in phones and e-mails. */
export function removeUnseen(value: string): string {
  return value.replace(unseen, '');
}

/** Cuts outer white space. A text without a character that can be seen is empty. */
const trimmed = (value: string) => removeUnseen(value).trim() && value.trim();

/**
 * Text as clients send it, cleaned before its length is checked. An empty text is `blank` unless
 * that clears the field. A number counts as its digits, because clients send OTPs and phones so.
 */
export function text({ max, clears = false, clean = trimmed }: TextRules) {
  return z.preprocess(
    (value) => (Number.isFinite(value) ? String(value) : value),
    readable
      .overwrite(clean)
      .min(clears ? 0 : 1)
      .max(max),
  );
}

interface TextRules {
  max: number;
  clears?: boolean;
  clean?: (value: string) => string;
}

/** One of a few values. */
export function choice<const V extends readonly [string, ...string[]]>(values: V) {
  return z.preprocess((value) => (typeof value === 'string' ? value.trim() : value), z.enum(values));
}

/** Values of a query parameter that comes several times, with commas between them, or both. */
export function severalOf<S extends z.ZodType<string, string>>(value: S) {
  return z
    .array(z.string())
    .transform((all) => all.flatMap((several) => several.split(',').map((one) => one.trim())))
    .pipe(z.array(value).max(20));
}

/** A field that null clears, and so does `""`, for a form cannot say null. */
export function clearable<S extends z.ZodType>(schema: S) {
  return z.preprocess((value) => (value === '' ? null : value), schema.nullable());
}

/** Arabic, Persian and full-width digits, as ASCII. */
export function toAsciiDigits(value: string): string {
  return value.replace(/[\u0660-\u0669\u06F0-\u06F9\uFF10-\uFF19]/g, (digit) => String(digit.charCodeAt(0) & 0xf));
}

/** A number, a date, a time or a phone as keyboards of any language write it, in ASCII. */
export function toAsciiNumber(typed: string): string {
  const narrow = removeUnseen(typed).replace(/[\uFE50-\uFE6B\uFF01-\uFF5E]/g, (wide) => wide.normalize('NFKC'));
  return toAsciiDigits(narrow)
    .replaceAll('\u066B', '.')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .trim();
}

/** The integer that the digits of a query or a form make. Any other value stays as it is. */
export function digitsToInteger(value: unknown): unknown {
  const digits = typeof value === 'string' ? toAsciiNumber(value) : '';
  return /^\d{1,16}$/.test(digits) ? Number(digits) : value;
}

/** The id of something. */
export const id = z.int().min(1);

/** The same as it stands in a path. */
export const idInPath = z
  .string()
  .overwrite(toAsciiNumber)
  .regex(/^[1-9]\d{0,15}$/)
  .transform(Number)
  .refine((id) => Number.isSafeInteger(id))
  .meta({ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, pattern: undefined });
