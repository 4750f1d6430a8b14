import * as z from 'zod';
import type { FieldError } from '../errors.ts';
import { type FieldDetail, type FieldErrorCode, fieldDetails, fieldErrors } from '../errorTexts.ts';

/**
 * Converts zod's issues to field errors: one for each field, in the order of the schema. Parse with
 * `reportInput: true`, because a missing field otherwise looks like a wrong type.
 */
export function toFieldErrors(error: z.ZodError, schema: z.ZodType): FieldError[] {
  // Sort the issues, because an asynchronous check reports last.
  const object = schema instanceof z.ZodPipe ? schema.in : schema;
  const declared = object instanceof z.ZodObject ? Object.keys(object.shape) : [];
  const place = ({ path: [field] }: z.core.$ZodIssue) => declared.indexOf(String(field));
  const byField = new Map<string, FieldError>();
  for (const issue of error.issues.toSorted((a, b) => place(a) - place(b))) {
    const attr = attrOf(issue);
    if (!byField.has(attr)) byField.set(attr, { attr, ...describe(issue) });
  }
  return [...byField.values()];
}

/** Returns the path of the field. A value that should be an object has no field to name. */
function attrOf(issue: z.core.$ZodIssue): string {
  const isNoObject = issue.code === 'invalid_type' && issue.expected === 'object' && isGiven(issue.input);
  const path = isNoObject || issue.path.length === 0 ? [...issue.path, 'non_field_errors'] : issue.path;
  return path.join('.');
}

const isGiven = (value: unknown) => value !== undefined && value !== null;

function describe(issue: z.core.$ZodIssue): Omit<FieldError, 'attr'> {
  if (issue.code !== 'custom' && issue.input === undefined) return { code: 'required' };
  if (issue.code !== 'custom' && issue.input === null) return { code: 'null' };
  switch (issue.code) {
    case 'invalid_value':
      return { code: 'invalid_choice' };
    case 'too_big':
      return { code: issue.origin === 'string' ? 'max_length' : 'max_value', max: Number(issue.maximum) };
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return { code: 'blank' };
      return { code: issue.origin === 'string' ? 'min_length' : 'min_value', min: Number(issue.minimum) };
    case 'custom':
      return { code: 'invalid', ...(issue.params && limitsOf(issue.params)) };
    default:
      return { code: 'invalid' };
  }
}

function limitsOf({ code, detail, min, max }: Record<string, unknown>): Partial<FieldError> {
  return {
    ...(isFieldErrorCode(code) && { code }),
    ...(isFieldDetail(detail) && { detail }),
    ...(typeof min === 'number' && { min }),
    ...(typeof max === 'number' && { max }),
  };
}

function isFieldErrorCode(code: unknown): code is FieldErrorCode {
  return typeof code === 'string' && code in fieldErrors;
}

function isFieldDetail(detail: unknown): detail is FieldDetail {
  return typeof detail === 'string' && detail in fieldDetails;
}
