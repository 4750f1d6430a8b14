import { ApiError, errors, type FieldError, ValidationError } from '../errors.ts';
import { errorDetails, fieldDetails, fieldErrors, fieldLabels, namedFieldErrors } from '../errorTexts.ts';
import type { Language, Texts } from '../languages.ts';

export interface ErrorFormat {
  badFieldsStatus: number;
  /** Whether an invalid path parameter is a validation error. By default, it is a 404. */
  rejectsPaths?: boolean;
  success: (status: number, body: unknown) => unknown;
  failure: (error: unknown, language: Language) => { status: number; headers: Record<string, string>; body: unknown };
}

export function chooseErrorFormat(
  { errorFormat = standard }: { errorFormat?: ErrorFormat | ((path: string) => ErrorFormat) | undefined },
  path = '',
): ErrorFormat {
  return typeof errorFormat === 'function' ? errorFormat(path) : errorFormat;
}

/** Surface A: the bare body, and `{type, errors: [{code, detail, attr}]}` for errors. */
export const standard: ErrorFormat = {
  badFieldsStatus: 400,
  success: (_, body) => body,
  failure(error, requested) {
    const { status, headers, type, code, texts, language = requested, fields, kinds } = describeProblem(error);
    const problems = fields.length > 0 ? fields : [{ code, texts, attr: null }];
    const more = kinds && { kinds };
    const shown = problems.map(({ code, texts, attr }) => ({ code, detail: texts[language], attr, ...more }));
    return { status, headers, body: { type, errors: shown } };
  },
};

/**
 * Surface B: `{code, data}`, and for errors
 * `{code, message, message_ar, errors: {errorMessage, errorDetails}}`. `errorDetails` maps fields
 * to lists of texts, or is `[]` if no field is invalid. The message names the first failing field,
 * because apps may show it alone.
 */
export const envelope: ErrorFormat = {
  badFieldsStatus: 423,
  success: (code, data) => ({ code, data }),
  failure(error, requested) {
    const { type, headers, texts, language = requested, fields, ...problem } = describeProblem(error, namedFieldTexts);
    const isField = type === 'validation_error';
    const status = isField ? envelope.badFieldsStatus : problem.status;
    const details = fields.map(({ attr, texts }) => [attr, [texts[language]]]);
    return {
      status,
      headers,
      body: {
        code: status,
        message: texts.en,
        message_ar: texts.ar,
        errors: { errorMessage: texts[language], errorDetails: isField ? Object.fromEntries(details) : [] },
      },
    };
  },
};

/** Error before it is formatted for a surface. `fields` is empty unless the error names fields. */
export interface Problem {
  status: number;
  type: string;
  code: string;
  texts: Texts;
  /** The language to show the texts in, if it is not that of the request. */
  language?: Language | undefined;
  /** The kinds of a second proof, if the error requires one. */
  kinds?: readonly string[] | undefined;
  headers: Record<string, string>;
  fields: { attr: string; code: string; texts: Texts }[];
}

/** Describes an error. An error outside the catalogue becomes a bare 500. */
export function describeProblem(error: unknown, textsOf = fieldTexts): Problem {
  if (error instanceof ValidationError) {
    const fields = error.fields.map((field) => ({ attr: field.attr, code: field.code, texts: textsOf(field) }));
    const texts = fields[0]?.texts ?? fieldErrors.invalid;
    return { status: standard.badFieldsStatus, type: 'validation_error', code: 'invalid', texts, headers: {}, fields };
  }
  const { errorName, details } = error instanceof ApiError ? error : new ApiError('error');
  const { status, type, code, detail, ...entry } = errors[errorName];
  const texts = details.texts ?? (details.detail ? errorDetails[details.detail] : detail);
  const attr = details.attr ?? ('attr' in entry ? entry.attr : undefined);
  const headers = {
    ...(status === 401 && { 'www-authenticate': 'Bearer realm="api"' }),
    ...((status === 429 || status === 503) && { 'retry-after': String(details.retryAfterSeconds ?? 1) }),
    ...(details.allow && { allow: details.allow.join(', ') }),
  };
  const { language, kinds } = details;
  return { status, type, code, texts, language, kinds, headers, fields: attr ? [{ attr, code, texts }] : [] };
}

/** The name of a field error that concerns the whole body. */
const wholeBody = 'non_field_errors';

function fieldTexts({ code, ...limits }: FieldError): Texts {
  return fill(fieldErrors[code], limits);
}

function namedFieldTexts({ attr, code, ...limits }: FieldError): Texts {
  if (attr === wholeBody) return fieldTexts({ attr, code, ...limits });
  const { en, ar } = fill(namedFieldErrors[code], limits);
  const names = { en: attr.replaceAll('_', ' '), ar: fieldLabels[attr] ?? attr };
  return { en: en.replace('{field}', names.en), ar: ar.replace('{field}', names.ar) };
}

function fill(text: Texts, { detail, max, min }: Omit<FieldError, 'attr' | 'code'>): Texts {
  const { en, ar } = detail ? fieldDetails[detail] : text;
  const insert = (each: string) => each.replace('{max}', String(max)).replace('{min}', String(min));
  return { en: insert(en), ar: insert(ar) };
}
