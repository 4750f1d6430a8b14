import fc from 'fast-check';
import { isNullable, type Schema, typeOf, valid } from './arbitraries.ts';
import { isFields } from './describedRequest.ts';

/**
 * The encoding of a request. Forms and parameters only have strings, and a form may repeat a field.
 */
export type Medium = 'json' | 'form' | 'parameter';

export interface Wrong {
  /** The path of the field. It is empty for the whole value. */
  field: string;
  how: string;
  /** The expected error code, if there is only one. */
  code: string | undefined;
  /** Generates functions that make a valid value invalid. */
  spoil: fc.Arbitrary<(right: unknown) => unknown>;
}

/** Returns every way to violate a schema, at any depth. */
export function wrongs(schema: Schema, medium: Medium, field = ''): Wrong[] {
  const [single, ...others] = (schema.anyOf ?? [schema]).filter((one) => typeOf(one) !== 'null');
  if (!single || others.length > 0) return [];
  const whole = wrongValues(single, medium, isNullable(schema)).map(([how, code, values]) => ({
    field,
    how,
    code,
    spoil: values.map((value) => () => value),
  }));
  return [...whole, ...wrongFields(single, medium, field), ...wrongItems(single, medium, field)];
}

function wrongFields({ properties = {}, required = [] }: Schema, medium: Medium, parent: string): Wrong[] {
  const fieldsOf = (right: unknown) => (isFields(right) ? right : {});
  return Object.entries(properties).flatMap(([name, schema]) => {
    const field = parent ? `${parent}.${name}` : name;
    const without = (right: unknown) => ({ ...fieldsOf(right), [name]: undefined });
    return [
      ...(required.includes(name) ? [{ field, how: 'missing', code: 'required', spoil: fc.constant(without) }] : []),
      ...wrongs(schema, parent ? 'json' : medium, field).map(({ spoil, ...wrong }) => ({
        ...wrong,
        spoil: spoil.map((make) => (right: unknown) => ({ ...fieldsOf(right), [name]: make(fieldsOf(right)[name]) })),
      })),
    ];
  });
}

function wrongItems({ items }: Schema, medium: Medium, parent: string): Wrong[] {
  if (!items) return [];
  return wrongs(items, medium, parent ? `${parent}.0` : '0').map(({ spoil, ...wrong }) => ({
    ...wrong,
    spoil: spoil.map((make) => (right: unknown) => {
      const [first, ...others] = Array.isArray(right) ? right : [];
      return [make(first), ...others];
    }),
  }));
}

/** Values of the wrong type, by the encoding and the type in the schema. */
const wrongTypes: Record<Medium, Record<string, unknown[]>> = {
  json: {
    string: [true, [], {}, ['x'], { a: 1 }],
    integer: ['x', true, [], {}, 1.5],
    number: ['x', true, [], {}],
    boolean: ['yes', 1, [], {}],
    object: ['x', 7, true, []],
    array: ['x', 7, true, {}],
  },
  form: {
    string: [['twice', 'twice']],
    integer: ['x', '1.5'],
    number: ['x'],
    boolean: ['yes'],
    object: ['x', 7, true],
  },
  parameter: { integer: ['x', '1.5', ''], number: ['x', '', '1e'], boolean: ['yes'] },
};

const wrongFormats: Record<string, string[]> = {
  date: ['yesterday', '2024-02-30', '2024-1-1'],
  'date-time': ['yesterday', '2024-01-01', '2024-01-01 at noon'],
  uri: ['x', '//'],
  email: ['x', '@'],
};

type WrongValues = [how: string, code: string | undefined, values: fc.Arbitrary<unknown>];

function wrongValues(schema: Schema, medium: Medium, mayBeNull: boolean): WrongValues[] {
  const { enum: choices, minLength = 0, maxLength, minimum, maximum, minItems = 0, maxItems, items = {} } = schema;
  const type = typeOf(schema);
  const isText = type === 'string' && !choices && schema.const === undefined && !schema.contentMediaType;
  const [least, most] = schema.format === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [minimum, maximum];
  const found: (WrongValues | false | undefined)[] = [
    !mayBeNull && medium === 'json' && ['null', 'null', fc.constant(null)],
    any('wrong type', choices ? 'invalid_choice' : undefined, wrongTypes[medium][type]),
    any('no choice', 'invalid_choice', choices && ['none of these', '\u0000', 'ios android']),
    any('not that', undefined, schema.const !== undefined ? ['not that', 7] : undefined),
    any('no file', undefined, schema.contentMediaType ? ['x'] : undefined),
    any('format', undefined, wrongFormats[schema.format ?? '']),
    // An empty string clears a nullable field. In a form, an empty field may count as missing.
    isText && minLength === 1 && !mayBeNull && ['nothing', 'blank', fc.constant(medium === 'form' ? ' ' : '')],
    minLength > 1 && ['too short', 'min_length', fc.constant('x'.repeat(minLength - 1))],
    maxLength !== undefined && ['too long', 'max_length', fc.constant('x'.repeat(maxLength + 1))],
    isText && maxLength !== undefined && medium !== 'parameter' && notForScreens(medium),
    least !== undefined && ['too small', 'min_value', fc.constant(least - 1)],
    most !== undefined && ['too large', 'max_value', fc.constant(most + 1)],
    schema.pattern !== undefined && ['pattern', undefined, unlike(new RegExp(schema.pattern))],
    minItems > 0 && ['too few', undefined, fc.array(valid(items), { maxLength: minItems - 1 })],
    maxItems !== undefined && ['too many', undefined, several(valid(items), maxItems + 1)],
  ];
  return found.filter((one) => Boolean(one)) as WrongValues[];
}

function any(how: string, code: string | undefined, values: unknown[] | undefined): WrongValues | undefined {
  return values && [how, code, fc.constantFrom(...values)];
}

/** Forms cannot contain half of a surrogate pair, so only JSON does. */
function notForScreens(medium: Medium): WrongValues {
  const halves = medium === 'json' ? ['\ud800', '\udfff x'] : [];
  return ['not for screens', undefined, fc.constantFrom('a\u0000b', ...halves)];
}

function unlike(pattern: RegExp): fc.Arbitrary<string> {
  return fc.string({ minLength: 1 }).filter((value) => !pattern.test(value.trim()));
}

function several(item: fc.Arbitrary<unknown>, count: number): fc.Arbitrary<unknown[]> {
  return fc.array(item, { minLength: count, maxLength: count });
}
