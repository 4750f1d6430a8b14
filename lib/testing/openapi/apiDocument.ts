import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Schema } from './arbitraries.ts';

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Schema;
}

/** The parts of an OpenAPI 3.1 document that the tests read. */
export interface OpenApi {
  servers?: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
}

interface Operation {
  operationId: string;
  security?: object[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: Record<string, { schema: Schema; examples?: object }> }>;
}

export interface DescribedBody {
  mediaType: string;
  schema: Schema;
}

export interface DescribedOperation {
  operationId: string;
  method: string;
  /** The full path, with the path of the server in front. */
  path: string;
  needsCaller: boolean;
  parameters: Parameter[];
  /** One entry per documented media type except XML, JSON first. */
  bodies: DescribedBody[];
  responses: Operation['responses'];
}

export interface ApiDocument {
  operations: DescribedOperation[];
  /** Lists how a response differs from the document. The list is empty when it conforms. */
  deviations: (operation: DescribedOperation, response: { status: number; body: unknown }) => string[];
}

/** Returns the operations of a document, with every `$ref` resolved. */
export function parseApiDocument(document: OpenApi): ApiDocument {
  const { paths, servers } = resolved(document);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  const validators = new Map<Schema, ValidateFunction>();
  const base = new URL(servers?.[0]?.url ?? '/', 'http://localhost').pathname.replace(/\/$/, '');

  function validatorOf(schema: Schema): ValidateFunction {
    const validate = validators.get(schema) ?? ajv.compile(closeSchema(schema) as Schema);
    validators.set(schema, validate);
    return validate;
  }

  /** An empty requirement among the alternatives makes authentication optional. */
  function needsCaller({ security = [] }: Operation): boolean {
    return security.length > 0 && security.every((requirement) => Object.keys(requirement).length > 0);
  }

  return {
    operations: Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        operationId: operation.operationId,
        method: method.toUpperCase(),
        path: `${base}${path}`,
        needsCaller: needsCaller(operation),
        parameters: operation.parameters ?? [],
        bodies: bodiesOf(operation),
        responses: operation.responses,
      })),
    ),
    deviations({ responses }, { status, body }) {
      const named = [String(status), 'default'].find((name) => name in responses);
      if (!named) return [`status ${status} is not documented`];
      const schema = responses[named]?.content?.['application/json']?.schema;
      if (!schema) return body === undefined ? [] : [`status ${status} has a body`];
      const validate = validatorOf(schema);
      if (validate(body)) return [];
      return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    },
  };
}

/**
 * Closes the objects of a schema, so that undocumented properties do not conform. A schema that
 * sets `additionalProperties` itself keeps its own value.
 */
function closeSchema(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map(closeSchema);
  const properties = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, closeSchema(value)]));
  return 'properties' in properties ? { additionalProperties: false, ...properties } : properties;
}

function bodiesOf({ requestBody: { content } = { content: {} } }: Operation): DescribedBody[] {
  const isJson = ({ mediaType }: DescribedBody) => Number(mediaType === 'application/json');
  return Object.entries(content)
    .map(([mediaType, { schema }]) => ({ mediaType, schema }))
    .filter(({ mediaType }) => mediaType !== 'application/xml')
    .toSorted((a, b) => isJson(b) - isJson(a));
}

export function resolved<T extends object>(document: T): T {
  const at = (pointer: string) =>
    pointer
      .split('/')
      .slice(1)
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce((node, name) => (node as Record<string, unknown>)[name], document as unknown);
  const resolve = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map(resolve);
    const { $ref, ...others } = node as Record<string, unknown>;
    const entries = Object.entries(others).map(([name, value]) => [name, resolve(value)]);
    return { ...(typeof $ref === 'string' && (resolve(at($ref)) as object)), ...Object.fromEntries(entries) };
  };
  return resolve(document) as T;
}
