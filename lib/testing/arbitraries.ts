import fc from 'fast-check';
import { file } from './forms.ts';
import { jpeg, png } from './images.ts';

/** As much of a JSON schema as our documents use. */
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
/** What no schema of ours takes for a text, a number, a choice … */
const wrongTypes: Record<string, fc.Arbitrary<unknown>> = {
  string: fc.constantFrom(true, [], {}, ['x'], { a: 1 }),
  integer: fc.constantFrom('x', true, [], {}, 1.5),
  number: fc.constantFrom('x', true, [], {}),
  boolean: fc.constantFrom('yes', 1, [], {}),
  object: fc.constantFrom('x', 7, true),
  array: fc.constantFrom('x', 7, true),
};

/** Values that a schema allows. */
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

/** A body with one thing wrong, and the place of that. */
export interface Spoiled {
  body: unknown;
  attr: string;
  how: string;
}

/** Every way in which a schema lets one field be wrong. */
export function spoiled(schema: Schema, prefix = ''): fc.Arbitrary<(body: Record<string, unknown>) => Spoiled>[] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).flatMap(([name, field]) => {
    const attr = `${prefix}${name}`;
    const set = (how: string, value: fc.Arbitrary<unknown>) =>
      value.map((wrong) => (body: Record<string, unknown>) => ({ body: { ...body, [name]: wrong }, attr, how }));
    const [own = field, ...others] = (field.anyOf ?? [field]).filter((one) => typeOf(one) !== 'null');
    const wrong = wrongTypes[typeOf(own)];
    const isNullable = field.anyOf?.some((one) => typeOf(one) === 'null') ?? false;
    return [
      ...(required.includes(name)
        ? [
            fc.constant((body: Record<string, unknown>) => {
              const { [name]: _, ...rest } = body;
              return { body: rest, attr, how: 'missing' };
            }),
          ]
        : []),
      ...(isNullable ? [] : [set('null', fc.constant(null))]),
      ...(wrong && others.length === 0 ? [set('wrong type', wrong)] : []),
      ...(own.enum ? [set('no choice', fc.constantFrom('', 'XXX', '\u0000', 'ios android'))] : []),
      ...(own.maxLength ? [set('too long', fc.constant('x'.repeat(own.maxLength + 1)))] : []),
      ...(typeOf(own) === 'string' && !own.enum && own.maxLength
        ? [set('not for screens', fc.constantFrom('a\u0000b', '\ud800', '\udfff x'))]
        : []),
      ...(own.minimum !== undefined ? [set('too small', fc.constant(own.minimum - 1))] : []),
      ...(typeOf(own) === 'object' && own.properties && !isNullable
        ? spoiled(own, `${attr}.`).map((nested) =>
            nested.map((spoil) => (body: Record<string, unknown>) => {
              const inner = spoil((body[name] ?? {}) as Record<string, unknown>);
              return { ...inner, body: { ...body, [name]: inner.body } };
            }),
          )
        : []),
    ];
  });
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
  const any = anyText
    .map((value) => value.replaceAll('\0', '').toWellFormed().trim())
    .filter((value) => Array.from(value).length >= minLength && value.length <= (maxLength ?? 60));
  const limits = [minLength, maxLength ?? minLength].map((length) => 'x'.repeat(length));
  return fc.oneof({ weight: 9, arbitrary: any }, { weight: 1, arbitrary: fc.constantFrom(...limits) });
}

function typeOf({ type }: Schema): string {
  return (Array.isArray(type) ? type[0] : type) ?? 'string';
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
