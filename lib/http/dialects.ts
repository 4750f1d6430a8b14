import { ApiError, errors, type FieldErrorCode, fieldErrors, type Language, ValidationError } from '../errors.ts';

interface Failure {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/** Any error as surface A writes it: `{type, errors: [{code, detail, attr}]}`. What is not in the catalogue is a bare 500. */
export function standard(error: unknown, language: Language): Failure {
  if (error instanceof ValidationError) {
    return {
      status: 400,
      headers: {},
      body: {
        type: 'validation_error',
        errors: error.fields.map(({ attr, code, ...limits }) => ({
          code,
          detail: fieldText(code, language, limits),
          attr,
        })),
      },
    };
  }
  const { problem, circumstances } = error instanceof ApiError ? error : new ApiError('error');
  const { status, type, code, detail, ...entry } = errors[problem];
  return {
    status,
    headers: {
      ...(status === 401 && { 'www-authenticate': 'Bearer realm="api"' }),
      ...(status === 429 && { 'retry-after': String(circumstances.retryAfterSeconds ?? 1) }),
      ...(circumstances.allow && { allow: circumstances.allow.join(', ') }),
    },
    body: { type, errors: [{ code, detail: detail[language], attr: 'attr' in entry ? entry.attr : null }] },
  };
}

function fieldText(code: FieldErrorCode, language: Language, limits: { max?: number; min?: number }): string {
  return fieldErrors[code][language].replace('{max}', String(limits.max)).replace('{min}', String(limits.min));
}
