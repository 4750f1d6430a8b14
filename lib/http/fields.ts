import * as z from 'zod';
import type { FieldErrorCode } from '../errorTexts.ts';

/** Returns options for `refine`: the error code of a rule that zod does not have. */
export const code = (code: FieldErrorCode, limits: { min?: number; max?: number } = {}) => ({
  params: { code, ...limits },
});

/**
 * Returns options for `refine` of an object: a field is required because of other fields. The rule
 * runs even if the other fields are invalid, so that the response names all of them.
 */
export const missing = (field: string) => ({
  path: [field],
  params: { code: 'required' },
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null && !Array.isArray(value),
});

/** String without NUL characters and lone surrogates, which no screen can show. */
export const readable = z
  .string()
  .refine((value) => !value.includes('\0'), code('null_characters_not_allowed'))
  .refine((value) => value.isWellFormed(), code('invalid'));

/** Format characters, fillers, control characters and the blank Braille pattern. */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]|(?!\s)\p{Cc}/gu;

/**
 * Removes invisible characters, which keyboards, autofill and right-to-left text leave in phones
 * and e-mails.
 */
export function removeUnseen(value: string): string {
  return value.replace(invisible, '');
}

/** Trims white space. A string without a visible character becomes empty. */
const trimmed = (value: string) => removeUnseen(value).trim() && value.trim();

/**
 * Characters that reorder the text around them: embeddings, overrides and isolates. Names need only
 * joiners and marks.
 */
const bidiControls = /[\u202A-\u202E\u2066-\u2069]/g;

/** Cleans a text that customers write and other people read. */
export const removeBidiControls = (value: string) => trimmed(value.replace(bidiControls, ''));

/**
 * Makes the schema of a text field, which is cleaned before its length is checked. An empty text is
 * `blank`, unless it clears the field. A number becomes a string, because some clients send OTPs
 * and phones as numbers.
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

export function choice<const V extends readonly [string, ...string[]]>(values: V) {
  return z.preprocess((value) => (typeof value === 'string' ? value.trim() : value), z.enum(values));
}

/** Makes a schema that null and `""` clear, because a form cannot send null. */
export function clearable<S extends z.ZodType>(schema: S) {
  return z.preprocess((value) => (value === '' ? null : value), schema.nullable());
}

export function toAsciiDigits(value: string): string {
  return value.replace(/[\u0660-\u0669\u06F0-\u06F9\uFF10-\uFF19]/g, (digit) => String(digit.charCodeAt(0) & 0xf));
}

/** Converts a number, a date, a time or a phone from any keyboard to ASCII. */
export function toAsciiNumber(value: string): string {
  const narrow = removeUnseen(value).replace(/[\uFE50-\uFE6B\uFF01-\uFF5E]/g, (wide) => wide.normalize('NFKC'));
  return toAsciiDigits(narrow)
    .replaceAll('\u066B', '.')
    .replace(/[\p{Pd}\u2212]/gu, '-')
    .trim();
}

/** Converts the digits of a query or a form to an integer. Any other value stays unchanged. */
export function digitsToInteger(value: unknown): unknown {
  const digits = typeof value === 'string' ? toAsciiNumber(value) : '';
  return /^\d{1,16}$/.test(digits) ? Number(digits) : value;
}

export const id = z.int().min(1);

export const idInPath = z
  .string()
  .overwrite(toAsciiNumber)
  .regex(/^[1-9]\d{0,15}$/)
  .transform(Number)
  .refine((id) => Number.isSafeInteger(id))
  .meta({ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, pattern: undefined });
