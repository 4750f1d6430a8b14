import fc from 'fast-check';
import { file } from '../fixtures/forms.ts';
import { jpeg, png } from '../fixtures/images.ts';

/** The part of JSON Schema that our documents use. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  format?: string;
  pattern?: string;
  contentMediaType?: string;
}

const anyText = fc.string({ unit: 'grapheme', maxLength: 60 });
export function valid(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(valid));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (typeOf(schema)) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.maxSafeInteger().map((value) => clamp(value, { ...bounds(schema), ...schema }));
    case 'number':
      return fc.double({ noNaN: true, min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6 });
    case 'array':
      return fc.array(valid(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: schema.maxItems ?? 3 });
    case 'object': {
      const { properties = {}, required = [] } = schema;
      const fields = Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, valid(field)]));
      return fc.record(fields, { requiredKeys: required });
    }
    default:
      return text(schema);
  }
}

function text(schema: Schema): fc.Arbitrary<unknown> {
  const { minLength = 0, maxLength, format, pattern, contentMediaType } = schema;
  if (contentMediaType || format === 'binary') return fc.constantFrom(file(png, 'image/png'), file(jpeg, 'image/jpeg'));
  if (format === 'date-time')
    return fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') })
      .map((date) => date.toISOString());
  if (pattern) return fc.stringMatching(new RegExp(pattern));
  if (format === 'date')
    return fc
      .date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') })
      .map((date) => date.toISOString().slice(0, 10));
  const anyValue = anyText
    .map((value) => value.replaceAll('\0', '').toWellFormed().trim())
    .filter((value) => Array.from(value).length >= minLength && value.length <= (maxLength ?? 60));
  const limits = [minLength, maxLength ?? minLength].map((length) => 'x'.repeat(length));
  return fc.oneof({ weight: 9, arbitrary: anyValue }, { weight: 1, arbitrary: fc.constantFrom(...limits) });
}

/** Returns the type of a schema, ignoring `null` if other types are allowed. */
export function typeOf({ type, properties }: Schema): string {
  const [first = properties ? 'object' : 'string', ...others] = [type ?? []].flat();
  return first === 'null' ? (others[0] ?? first) : first;
}

export function isNullable({ type, anyOf = [] }: Schema): boolean {
  return [type].flat().includes('null') || anyOf.some(isNullable);
}

function bounds({ format }: Schema): Schema {
  return format === 'int32' ? { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 } : {};
}

function clamp(
  value: number,
  { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }: Schema,
): number {
  return value < minimum || value > maximum ? minimum + (Math.abs(value) % Math.max(1, maximum - minimum)) : value;
}
