import fc from 'fast-check';
import { isNullable, type Schema, typeOf, valid } from './arbitraries.ts';
import { isFields } from './describedRequest.ts';

/**
 * The encoding of a request. Forms and parameters only have strings, and a form may repeat a field.
 */
export type Medium = 'json' | 'form' | 'parameter';

export interface Violation {
  /** The path of the field. It is empty for the whole value. */
  field: string;
  how: string;
  /** The expected error code, if there is only one. */
  code: string | undefined;
  /** Generates functions that make a valid value invalid. */
  invalidate: fc.Arbitrary<(value: unknown) => unknown>;
}

/** Returns every way to violate a schema, at any depth. */
export function violationsOf(schema: Schema, medium: Medium, field = ''): Violation[] {
  const [single, ...others] = (schema.anyOf ?? [schema]).filter((one) => typeOf(one) !== 'null');
  if (!single || others.length > 0) return [];
  const whole = valueViolations(single, medium, isNullable(schema)).map(([how, code, values]) => ({
    field,
    how,
    code,
    invalidate: values.map((value) => () => value),
  }));
  return [...whole, ...fieldViolations(single, medium, field), ...itemViolations(single, medium, field)];
}

function fieldViolations({ properties = {}, required = [] }: Schema, medium: Medium, parent: string): Violation[] {
  const fieldsOf = (value: unknown) => (isFields(value) ? value : {});
  return Object.entries(properties).flatMap(([name, schema]) => {
    const field = parent ? `${parent}.${name}` : name;
    const without = (value: unknown) => ({ ...fieldsOf(value), [name]: undefined });
    return [
      ...(required.includes(name)
        ? [{ field, how: 'missing', code: 'required', invalidate: fc.constant(without) }]
        : []),
      ...violationsOf(schema, parent ? 'json' : medium, field).map(({ invalidate, ...violation }) => ({
        ...violation,
        invalidate: invalidate.map((make) => (value: unknown) => ({
          ...fieldsOf(value),
          [name]: make(fieldsOf(value)[name]),
        })),
      })),
    ];
  });
}

function itemViolations({ items }: Schema, medium: Medium, parent: string): Violation[] {
  if (!items) return [];
  return violationsOf(items, medium, parent ? `${parent}.0` : '0').map(({ invalidate, ...violation }) => ({
    ...violation,
    invalidate: invalidate.map((make) => (value: unknown) => {
      const [first, ...others] = Array.isArray(value) ? value : [];
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

type ValueViolation = [how: string, code: string | undefined, values: fc.Arbitrary<unknown>];

function valueViolations(schema: Schema, medium: Medium, isNullableField: boolean): ValueViolation[] {
  const { enum: choices, minLength = 0, maxLength, minimum, maximum, minItems = 0, maxItems, items = {} } = schema;
  const type = typeOf(schema);
  const isText = type === 'string' && !choices && schema.const === undefined && !schema.contentMediaType;
  const [least, most] = schema.format === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [minimum, maximum];
  const found: (ValueViolation | false | undefined)[] = [
    !isNullableField && medium === 'json' && ['null', 'null', fc.constant(null)],
    violation('wrong type', choices ? 'invalid_choice' : undefined, wrongTypes[medium][type]),
    violation('unknown choice', 'invalid_choice', choices && ['none of these', '\u0000', 'ios android']),
    violation('another constant', undefined, schema.const !== undefined ? ['another constant', 7] : undefined),
    violation('not a file', undefined, schema.contentMediaType ? ['x'] : undefined),
    violation('format', undefined, wrongFormats[schema.format ?? '']),
    // An empty string clears a nullable field. In a form, an empty field may count as missing.
    isText && minLength === 1 && !isNullableField && ['blank', 'blank', fc.constant(medium === 'form' ? ' ' : '')],
    minLength > 1 && ['too short', 'min_length', fc.constant('x'.repeat(minLength - 1))],
    maxLength !== undefined && ['too long', 'max_length', fc.constant('x'.repeat(maxLength + 1))],
    isText && maxLength !== undefined && medium !== 'parameter' && invalidCharacters(medium),
    least !== undefined && ['too small', 'min_value', fc.constant(least - 1)],
    most !== undefined && ['too large', 'max_value', fc.constant(most + 1)],
    schema.pattern !== undefined && ['pattern', undefined, notMatching(new RegExp(schema.pattern))],
    minItems > 0 && ['too few', undefined, fc.array(valid(items), { maxLength: minItems - 1 })],
    maxItems !== undefined && ['too many', undefined, listOf(valid(items), maxItems + 1)],
  ];
  return found.filter((one) => Boolean(one)) as ValueViolation[];
}

function violation(how: string, code: string | undefined, values: unknown[] | undefined): ValueViolation | undefined {
  return values && [how, code, fc.constantFrom(...values)];
}

/** Forms cannot contain half of a surrogate pair, so only JSON does. */
function invalidCharacters(medium: Medium): ValueViolation {
  const halves = medium === 'json' ? ['\ud800', '\udfff x'] : [];
  return ['invalid characters', undefined, fc.constantFrom('a\u0000b', ...halves)];
}

function notMatching(pattern: RegExp): fc.Arbitrary<string> {
  return fc.string({ minLength: 1 }).filter((value) => !pattern.test(value.trim()));
}

function listOf(item: fc.Arbitrary<unknown>, count: number): fc.Arbitrary<unknown[]> {
  return fc.array(item, { minLength: count, maxLength: count });
}
