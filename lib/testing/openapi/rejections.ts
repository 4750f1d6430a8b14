import { errors } from '../../errors.ts';
import { fieldErrors } from '../../errorTexts.ts';
import { languages } from '../../languages.ts';

export interface Rejection {
  field: string;
  code: string;
}

const texts = [
  ...Object.entries(fieldErrors),
  ...Object.values(errors).map(({ code, detail }) => [code, detail] as const),
];

/** Returns the code of an error text, for error formats that only contain the text. */
export function codeOfText(shown: string): string {
  const found = texts.find(([, text]) =>
    languages.some((language) => {
      const [start = '', end] = text[language].split(/\{\w+\}/);
      return end === undefined ? shown === start : shown.startsWith(start) && shown.endsWith(end);
    }),
  );
  return found?.[0] ?? shown;
}

/**
 * Field codes that are legitimate although the document allows the value. Keys are the operation,
 * then the field. In a field, `*` stands for any index of a list.
 */
export type BeyondSchema = Record<string, Record<string, string>>;

export function isBeyond(rules: BeyondSchema, operationId: string, { field, code }: Rejection): boolean {
  const codes = rules[operationId]?.[field.replace(/\b\d+\b/g, '*')] ?? '';
  return codes.split(' ').includes(code);
}
