import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import {
  document,
  exampleValue,
  nameOf,
  operations,
  resolved,
  responses,
  type Schema,
} from '../testing/openapi/describedApi.ts';

describe('documented headers', () => {
  const responsesWith = (name: string) => responses.filter(({ response }) => name in response.headers);
  const statusesWith = (name: string) => [...new Set(responsesWith(name).map(({ status }) => status))];

  test('are in every response that sends them', () => {
    expect(responsesWith('x-request-id')).toHaveLength(responses.length);
    expect(responsesWith('Cache-Control')).toHaveLength(responses.length);
    expect(statusesWith('Retry-After')).toEqual(['429', '503']);
    expect(responsesWith('Retry-After')).toHaveLength(
      responses.filter(({ status }) => ['429', '503'].includes(status)).length,
    );
    expect(statusesWith('WWW-Authenticate')).toEqual(['401']);
    expect(statusesWith('Allow')).toEqual(['405']);
    expect(statusesWith('ETag')).toEqual(['200', '304']);
  });

  test('are components, and every header component is used', () => {
    const named = responses.flatMap(({ response }) => Object.values(response.headers).map(({ $ref }) => $ref));
    const components = Object.keys(document.components.headers).map((name) => `#/components/headers/${name}`);
    expect([...new Set(named)].toSorted()).toEqual(components.toSorted());
  });

  test('let every request choose a language, requests for cacheable responses send an ETag, and others a key', () => {
    for (const { parameters, responses } of operations) {
      const names = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name);
      expect(names).toEqual([
        'Accept-Language',
        ...('304' in responses ? ['If-None-Match'] : []),
        ...('422' in responses ? ['Idempotency-Key'] : []),
      ]);
    }
  });
});

test('every tag is used and has a description', () => {
  const used = new Set(operations.flatMap(({ tags }) => tags));
  expect(document.tags.map(({ name }: { name: string }) => name).toSorted()).toEqual([...used].toSorted());
  for (const { description } of document.tags) expect(description).toMatch(/\.$/);
});

test('getHealth accepts requests with and without a key', () => {
  expect(document.paths['/api/health/'].get.security).toEqual([{}, { healthKey: [] }]);
  expect(Object.keys(document.components.securitySchemes)).toContain('healthKey');
});

describe('request bodies', () => {
  test('are optional if all their fields are', () => {
    const withBody = operations.filter(({ requestBody }) => requestBody);
    const optional = withBody.filter(({ requestBody }) => !requestBody?.required).map(({ operationId }) => operationId);
    expect(optional).toEqual([
      'UpdateCustomer',
      'UpdateCustomerByForm',
      'verifyPhone',
      'UpdateAddress',
      'UpdateAddressByForm',
      'devices_partial_update',
      'updateNotificationPreferences',
      'updateWallet',
    ]);
  });
});

describe('schemas', () => {
  function objectsIn(schema: unknown, path: string): string[] {
    if (typeof schema !== 'object' || schema === null) return [];
    const inside = Object.entries(schema).flatMap(([name, value]) => objectsIn(value, `${path}.${name}`));
    return 'properties' in schema && 'type' in schema ? [path, ...inside] : inside;
  }

  test('have a name if they describe an object', () => {
    const { schemas } = document.components;
    expect(Object.entries(schemas).flatMap(([name, schema]) => objectsIn(schema, name))).toEqual(
      Object.keys(schemas).filter((name) => 'properties' in schemas[name]),
    );
    const media = '.patch.requestBody.content.multipart/form-data.schema';
    expect(objectsIn(document.paths, '')).toEqual([
      `./api/customers/me/update/${media}`,
      `./api/addresses/create/${media.replace('patch', 'post')}`,
      `./api/addresses/{id}/update/${media}`,
    ]);
  });

  test('limit ids and other integers by meaningful bounds', () => {
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

  test('have their own schemas, with files for images and strings for all other fields', () => {
    const byName = new Map(forms.filter(({ form }) => form.schema.$ref).map(({ form }) => [nameOf(form.schema), form]));
    expect([...byName.keys()].toSorted()).toEqual(['CreateAddressForm', 'UpdateAddressForm', 'UpdateCustomerForm']);
    const fields = [...byName.values()].flatMap((form) => Object.entries(resolved(form.schema).properties ?? {}));
    const files = fields.filter(([, { format }]) => format === 'binary').map(([name]) => name);
    expect(files.toSorted()).toEqual(['image', 'map_image', 'map_image']);
    for (const [name, { type }] of fields) expect([name, type]).not.toEqual([name, 'object']);
    expect(resolved(byName.get('CreateAddressForm')?.schema ?? {}).properties?.point).toMatchObject({ type: 'string' });
  });
});

describe('parameters', () => {
  const parameters = operations.flatMap(({ operationId, parameters }) =>
    parameters.map((parameter) => ({ operationId, ...parameter })),
  );

  test('have examples, so that the docs page can send a request immediately', () => {
    for (const parameter of parameters) expect(parameter).toHaveProperty('example');
    const exampleOf = (operationId: string) =>
      Object.fromEntries(
        parameters
          .filter((parameter) => parameter.operationId === operationId && parameter.in === 'query')
          .map(({ name, example }) => [name, example]),
      );
    expect(exampleOf('GetRegionByPoint')).toEqual({ long: 31.2357, lat: 30.0444 });
    expect(exampleOf('availability')).toEqual({ email: 'mona@example.com', phone: '' });
    expect(exampleOf('listNotifications')).toEqual({ cursor: '', page_size: 10 });
  });

  test('are never null, because a URL cannot express null', () => {
    for (const { schema } of parameters) expect(JSON.stringify(schema)).not.toContain('null');
  });
});

describe('examples', () => {
  const ajv = formats.default(new Ajv2020({ strict: false, allErrors: true })).addSchema(document, 'api');
  const deviations = (schema: Schema, value: unknown) => {
    const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"api#/')));
    return validate(value) ? [] : [value, validate.errors];
  };

  test('conform to the schemas of request and response bodies', () => {
    const bodies = operations.flatMap(({ requestBody }) => Object.values(requestBody?.content ?? {}));
    const responseBodies = responses.flatMap(({ response }) => Object.values(response.content ?? {}));
    for (const { schema, examples = {} } of [...bodies, ...responseBodies])
      for (const example of Object.values(examples)) expect(deviations(schema, exampleValue(example))).toEqual([]);
    for (const { parameters } of operations)
      for (const { schema, example } of parameters) expect(deviations(schema, example)).toEqual([]);
  });

  test('exist for every response, and contain realistic values', () => {
    for (const { status, response } of responses) {
      const { schema, example } = response.content?.['application/json'] ?? {};
      if (!schema || (status >= '300' && !example)) continue;
      expect(deviations(schema, example)).toEqual([]);
      expect(JSON.stringify(example)).not.toContain('"string"');
    }
  });
});

describe('descriptions', () => {
  const undescribed = (fields: Record<string, { description?: string }> = {}) =>
    Object.keys(fields).filter((name) => !fields[name]?.description);

  test('exist for every operation, parameter and field', () => {
    for (const { operationId, description, parameters, requestBody } of operations) {
      expect([operationId, description]).toEqual([operationId, expect.stringMatching(/\.$/)]);
      for (const { name, description } of parameters) expect([name, description]).toEqual([name, expect.any(String)]);
      for (const { schema } of Object.values(requestBody?.content ?? {}))
        expect([operationId, undescribed(schema.properties)]).toEqual([operationId, []]);
    }
    for (const [name, { properties }] of Object.entries<Schema>(document.components.schemas))
      expect([name, undescribed(properties)]).toEqual([name, []]);
  });

  test('of every form have an example with a file', () => {
    const forms = operations.flatMap(({ requestBody }) => requestBody?.content['multipart/form-data'] ?? []);
    expect(forms).toHaveLength(6);
    for (const { examples } of forms) expect(JSON.stringify(examples?.upload)).toContain('photo.jpg');
  });
});

describe('for client generators', () => {
  function schemasIn(node: unknown): (Schema & Record<string, unknown>)[] {
    if (typeof node !== 'object' || node === null) return [];
    const inside = Object.entries(node).flatMap(([name, value]) => (/^examples?$/.test(name) ? [] : schemasIn(value)));
    return ['type', 'enum', 'const', '$ref', 'anyOf', 'oneOf', 'properties'].some((name) => name in node)
      ? [node as Schema & Record<string, unknown>, ...inside]
      : inside;
  }
  const all = schemasIn({ paths: document.paths, components: document.components });

  test('every integer has 64 bits', () => {
    const integers = all.filter(({ type }) => [type].flat().includes('integer'));
    expect(integers.length).toBeGreaterThan(30);
    for (const integer of integers) expect(integer).toMatchObject({ format: 'int64' });
  });

  test('every nullable schema has a type, or is a reference or null', () => {
    const unions = all.filter(({ anyOf, oneOf }) => anyOf ?? oneOf);
    for (const { anyOf } of unions) expect(anyOf).toEqual([{ $ref: expect.any(String) }, { type: 'null' }]);
    expect(resolved({ $ref: '#/components/schemas/Customer' }).properties).toMatchObject({
      image: { type: ['string', 'null'], format: 'uri' },
      primary_address: { type: ['integer', 'null'], format: 'int64' },
    });
    expect(resolved({ $ref: '#/components/schemas/Session' }).properties?.device_type).toMatchObject({
      type: ['string', 'null'],
      enum: ['ios', 'android', 'web', null],
    });
  });

  test('every enum has a type, and every constant is a string', () => {
    for (const schema of all.filter((schema) => 'const' in schema)) expect(typeof schema.const).toBe('string');
    for (const schema of all.filter((schema) => 'enum' in schema || 'const' in schema))
      expect(schema).toHaveProperty('type');
  });

  test('objects may have new fields', () => {
    expect(all.filter(({ additionalProperties }) => additionalProperties === false)).toEqual([]);
  });

  test('no schema has the name of a built-in type of Kotlin, Swift, Java, Dart or TypeScript', () => {
    const builtInTypes =
      'Any Array Boolean Character Class Data Date Decimal Double Duration Enum Error Exception Float Function Future ' +
      'Int Integer Iterable List Locale Location Long Map Module Notification Null Number Object Optional Order Package ' +
      'Page Pair Point Process Record Region Request Response Result Set State Stream String Thread Time Type Unit Uri Url ' +
      'Value Void ApiClient ApiError ApiException ApiResponse ClientError Configuration ErrorResponse ServerError PublicKey';
    const names = Object.keys(document.components.schemas).map((name) => name.toLowerCase());
    expect(builtInTypes.split(' ').filter((name) => names.includes(name.toLowerCase()))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  test('each upload has its own operation that accepts only a form', () => {
    const uploads = operations.filter(({ requestBody }) => requestBody?.content['multipart/form-data']);
    const alone = uploads.filter(({ requestBody }) => Object.keys(requestBody?.content ?? {}).length === 1);
    const others = uploads.filter((operation) => !alone.includes(operation));
    expect(alone.map(({ operationId }) => operationId).toSorted()).toEqual(
      others.map(({ operationId }) => `${operationId}ByForm`).toSorted(),
    );
  });
});
