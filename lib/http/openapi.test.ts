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
}

interface Response {
  description: string;
  headers: Record<string, { $ref: string }>;
  content?: Record<string, { schema: Schema; examples?: Record<string, { value?: unknown; $ref?: string }> }>;
}

interface Operation {
  operationId: string;
  parameters: Parameter[];
  responses: Record<string, Response>;
}

const document = JSON.parse(readFileSync(`${project}/openapi.json`, 'utf8'));
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods as object)) as Operation[];
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
