import { errors } from '../errors.ts';
import { fieldErrors } from '../errorTexts.ts';
import { languages } from '../languages.ts';

/** A field that an answer refuses, by its path, and why. */
export interface Refusal {
  field: string;
  code: string;
}

const texts = [
  ...Object.entries(fieldErrors),
  ...Object.values(errors).map(({ code, detail }) => [code, detail] as const),
];

/** The code of an error by its text, for answers that show only that. */
export function codeOfText(shown: string): string {
  const found = texts.find(([, text]) =>
    languages.some((language) => {
      const [start = '', end] = text[language].split(/\{\w+\}/);
      return end === undefined ? shown === start : shown.startsWith(start) && shown.endsWith(end);
    }),
  );
  return found?.[0] ?? shown;
}

/** Codes of fields that may be refused although the document allows them: by operation and field, `*` for any place of a list. */
export type BeyondSchema = Record<string, Record<string, string>>;

export function isBeyond(known: BeyondSchema, operationId: string, { field, code }: Refusal): boolean {
  const codes = known[operationId]?.[field.replace(/\b\d+\b/g, '*')] ?? '';
  return codes.split(' ').includes(code);
}
