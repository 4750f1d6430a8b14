import { readFileSync } from 'node:fs';
import { project } from './routes.ts';

interface Parameter {
  name: string;
  in: string;
  schema: Schema;
  description?: string;
  example?: unknown;
}

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
}

interface Media {
  schema: Schema;
  examples?: Record<string, { value?: unknown; $ref?: string }>;
}

interface Response {
  description: string;
  headers: Record<string, { $ref: string }>;
  content?: Record<string, Media>;
}

interface Operation {
  operationId: string;
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<string, Response>;
}

const document = JSON.parse(readFileSync(`${project}/openapi.json`, 'utf8'));
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods as object)) as Operation[];
const nameOf = ({ $ref }: Schema) => $ref?.split('/').at(-1) ?? '';
const resolved = (schema: Schema): Schema => document.components.schemas[nameOf(schema)] ?? schema;
const responses = operations.flatMap(({ operationId, responses }) =>
  Object.entries(responses).map(([status, response]) => ({ operationId, status, response })),
);

describe('headers', () => {
  const having = (name: string) => responses.filter(({ response }) => name in response.headers);
  const statusesWith = (name: string) => [...new Set(having(name).map(({ status }) => status))];

  test('are documented where they are sent', () => {
    expect(having('x-request-id')).toHaveLength(responses.length);
    expect(having('Cache-Control')).toHaveLength(responses.length);
    expect(statusesWith('Retry-After')).toEqual(['429']);
    expect(having('Retry-After')).toHaveLength(operations.length);
    expect(statusesWith('WWW-Authenticate')).toEqual(['401']);
    expect(statusesWith('Allow')).toEqual(['405']);
    expect(statusesWith('ETag')).toEqual(['200', '304']);
  });

  test('every one is among the components', () => {
    const named = responses.flatMap(({ response }) => Object.values(response.headers).map(({ $ref }) => $ref));
    const components = Object.keys(document.components.headers).map((name) => `#/components/headers/${name}`);
    expect([...new Set(named)].toSorted()).toEqual(components.toSorted());
  });

  test('can ask every operation for a language, and those that are kept whether they have changed', () => {
    for (const { parameters, responses } of operations) {
      const names = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
      expect(names).toEqual(['Accept-Language', ...('304' in responses ? ['If-None-Match'] : [])]);
    }
  });
});

describe('schemas', () => {
  /** Objects with fields, by where they stand. */
  function objectsIn(schema: unknown, place: string): string[] {
    if (typeof schema !== 'object' || schema === null) return [];
    const inside = Object.entries(schema).flatMap(([name, value]) => objectsIn(value, `${place}.${name}`));
    return 'properties' in schema && 'type' in schema ? [place, ...inside] : inside;
  }

  test('of every object have a name', () => {
    const { schemas } = document.components;
    expect(Object.entries(schemas).flatMap(([name, schema]) => objectsIn(schema, name))).toEqual(
      Object.keys(schemas).filter((name) => 'properties' in schemas[name]),
    );
    expect(objectsIn(document.paths, '')).toEqual([]);
  });

  test('of every id and every other whole number have a bound that means something', () => {
    const text = JSON.stringify(document);
    expect(text).not.toContain(String(Number.MIN_SAFE_INTEGER));
    for (const { properties = {} } of Object.values<Schema>(document.components.schemas))
      if (properties.id) expect(properties.id).toMatchObject({ type: 'integer', minimum: 1 });
  });
});

describe('forms', () => {
  const forms = operations.flatMap(({ operationId, requestBody }) => {
    const form = requestBody?.content['multipart/form-data'];
    return form ? [{ operationId, form }] : [];
  });

  test('have schemas of their own, in which images are files and everything else is a text', () => {
    expect(forms.map(({ form }) => nameOf(form.schema))).toEqual([
      'UpdateCustomerForm',
      'CreateAddressForm',
      'UpdateAddressForm',
    ]);
    const fields = forms.flatMap(({ form }) => Object.entries(resolved(form.schema).properties ?? {}));
    const files = fields.filter(([, { format }]) => format === 'binary').map(([name]) => name);
    expect(files).toEqual(['image', 'map_image', 'map_image']);
    for (const [name, { type }] of fields) expect([name, type]).not.toEqual([name, 'object']);
    expect(resolved(forms[1]?.form.schema ?? {}).properties?.point).toMatchObject({ type: 'string' });
  });
});
