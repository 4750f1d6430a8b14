import { errors } from '../../errors.ts';
import { fieldDetails, fieldErrors, namedFieldErrors } from '../../errorTexts.ts';
import { languages } from '../../languages.ts';

export interface Rejection {
  field: string;
  code: string;
}

/** Patterns of all texts, the longest first, because a text may contain a shorter one. */
const patterns = [
  ...Object.entries(namedFieldErrors),
  ...Object.entries(fieldErrors),
  ...Object.entries(fieldDetails),
  ...Object.values(errors).map(({ code, detail }) => [code, detail] as const),
]
  .flatMap(([code, text]) => languages.map((language) => ({ code, text: text[language] })))
  .toSorted((a, b) => b.text.length - a.text.length)
  .map(({ code, text }) => ({ code, pattern: toPattern(text) }));

function toPattern(text: string): RegExp {
  const parts = text.split(/\{\w+\}/).map(RegExp.escape);
  return new RegExp(`^${parts.join('.+')}$`);
}

/** Returns the code of an error text, for error formats that only contain the text. */
export function codeOfText(shown: string): string {
  return patterns.find(({ pattern }) => pattern.test(shown))?.code ?? shown;
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
