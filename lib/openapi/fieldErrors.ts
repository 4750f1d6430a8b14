import * as z from 'zod';
import type { FieldError } from '../errors.ts';
import { fieldErrors } from '../errorTexts.ts';
import type { Contract } from '../http/contract.ts';
import { toFieldErrors } from '../http/validationErrors.ts';
import { describeSchema, type Json, withoutNull } from './schemas.ts';

const endless = 'x'.repeat(10_000);

/**
 * Lists the field errors of a request by code. Each code has the fields that the contract declares,
 * else the first field that can fail with it.
 */
export function listFailingFields({ query, body, fieldErrors: contractErrors = [] }: Contract): FieldError[][] {
  const all = [...errorsIn(query, true), ...errorsIn(body, false)];
  return Object.keys(fieldErrors).flatMap((code) => {
    const declared = contractErrors.filter((error) => error.code === code);
    const first = all.find((error) => error.code === code);
    if (declared.length > 0) return [[...declared]];
    return first ? [[first]] : [];
  });
}

/** Lists the errors of an object. Its own fields come before the fields of nested objects. */
function errorsIn(schema: z.core.$ZodType | undefined, isQuery: boolean, prefix = ''): FieldError[] {
  const fields = Object.entries(objectIn(schema)?.shape ?? {});
  const attrOf = (name: string, field: z.core.$ZodType, code: FieldError['code']) =>
    `${prefix}${name}${code === 'invalid' && objectIn(field) ? '.non_field_errors' : ''}`;
  return [
    ...fields.flatMap(([name, field]) =>
      errorsOf(field, isQuery).map((error) => ({ ...error, attr: attrOf(name, field, error.code) })),
    ),
    ...fields.flatMap(([name, field]) => errorsIn(field, isQuery, `${prefix}${name}.`)),
  ];
}

function objectIn(schema: z.core.$ZodType | undefined): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodPipe) return objectIn(schema.in);
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault;
  return isWrapped ? objectIn(schema.unwrap()) : undefined;
}

/** Returns the errors of a field, by parsing values that are invalid in one way each. */
function errorsOf(field: z.core.$ZodType, isQuery: boolean): Omit<FieldError, 'attr'>[] {
  const json = withoutNull(describeSchema(field as z.ZodType, 'input', {}));
  // A build has no table, which holds the common passwords, and no clock, which dates depend on.
  const ownLimits = limitsOf(json);
  const values = [
    undefined,
    ...(isQuery ? [] : [null, json.$ref ? 'x' : {}]),
    ...(ownLimits.length > 0 ? [] : ['', ...(json.format ? [] : ['x']), '\0', endless]),
    ...outOfRange(json).map((value) => (isQuery ? String(value) : value)),
  ];
  const parsed = values.flatMap((value) => {
    const { error } = z.safeParse(field, value, { reportInput: true });
    return error ? toFieldErrors(new z.ZodError(error.issues), field as z.ZodType) : [];
  });
  return [...parsed, ...ownLimits];
}

function limitsOf({ minLength, maxLength, enum: choices }: Json): Omit<FieldError, 'attr'>[] {
  if (choices || !(Number(minLength) > 1)) return [];
  return [
    { code: 'blank' },
    { code: 'min_length', min: Number(minLength) },
    { code: 'max_length', max: Number(maxLength) },
    { code: 'null_characters_not_allowed' },
  ];
}

function outOfRange({ minimum, maximum }: Json): number[] {
  return [
    ...(typeof minimum === 'number' ? [minimum - 1] : []),
    ...(typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER ? [maximum + 1] : []),
  ];
}
