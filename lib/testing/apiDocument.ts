import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Schema } from './arbitraries.ts';

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Schema;
}

/** As much of an OpenAPI 3.1 document as is looked at. */
export interface OpenApi {
  servers?: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

interface Operation {
  operationId: string;
  security?: object[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: object }>;
}

export interface DescribedOperation {
  operationId: string;
  method: string;
  /** As it is called: with the path of the server before it. */
  path: string;
  needsCaller: boolean;
  parameters: Parameter[];
  body: { mediaType: string; schema: Schema } | undefined;
  responses: Operation['responses'];
}

export interface ApiDocument {
  /** Their schemas are resolved where they are only named. */
  operations: DescribedOperation[];
  /** What an answer says that the document does not; empty for one that conforms. */
  deviations: (operation: DescribedOperation, answer: { status: number; body: unknown }) => string[];
}

export function describedBy(document: OpenApi): ApiDocument {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(document, 'api');
  const validators = new Map<string, ValidateFunction>();
  const base = new URL(document.servers?.[0]?.url ?? '/', 'http://localhost').pathname.replace(/\/$/, '');

  function resolved({ $ref, ...schema }: Schema): Schema {
    if ($ref) return resolved(document.components.schemas[$ref.split('/').at(-1) ?? ''] ?? {});
    const { properties, items, anyOf } = schema;
    return {
      ...schema,
      ...(items && { items: resolved(items) }),
      ...(anyOf && { anyOf: anyOf.map(resolved) }),
      ...(properties && {
        properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, resolved(field)])),
      }),
    };
  }

  /** In JSON where that is a choice. */
  function bodyOf({ requestBody: { content } = { content: {} } }: Operation): DescribedOperation['body'] {
    const mediaType = 'application/json' in content ? 'application/json' : Object.keys(content)[0];
    const described = mediaType && content[mediaType];
    return described ? { mediaType, schema: resolved(described.schema) } : undefined;
  }

  return {
    operations: Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        operationId: operation.operationId,
        method: method.toUpperCase(),
        path: `${base}${path}`,
        needsCaller: (operation.security ?? []).length > 0,
        parameters: operation.parameters ?? [],
        body: bodyOf(operation),
        responses: operation.responses,
      })),
    ),
    deviations({ path, method, responses }, { status, body }) {
      const named = [String(status), 'default'].find((name) => name in responses);
      if (!named) return [`status ${status} is not documented`];
      if (!responses[named]?.content) return body === undefined ? [] : [`status ${status} has a body`];
      const response = `${path.slice(base.length).replaceAll('/', '~1')}/${method.toLowerCase()}/responses/${named}`;
      const pointer = `api#/paths/${response}/content/application~1json/schema`;
      const validate = validators.get(pointer) ?? ajv.compile({ $ref: encodeURI(pointer) });
      validators.set(pointer, validate);
      if (validate(body)) return [];
      return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
    },
  };
}
