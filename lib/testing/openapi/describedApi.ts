import { readFileSync } from 'node:fs';
import { project } from '../../openapi/routes.ts';

export interface Parameter {
  name: string;
  in: string;
  schema: Schema;
  description?: string;
  example?: unknown;
}

export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
}

export interface Example {
  value?: unknown;
  $ref?: string;
}

export interface Media {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, Example>;
}

export interface Response {
  description: string;
  headers: Record<string, { $ref: string }>;
  content?: Record<string, Media>;
}

export interface Operation {
  operationId: string;
  description?: string;
  tags: string[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<string, Response>;
}

export const document = JSON.parse(readFileSync(`${project}/openapi.json`, 'utf8'));
export const nameOf = ({ $ref }: Schema) => $ref?.split('/').at(-1) ?? '';
export const operations = (
  Object.values(document.paths).flatMap((methods) => Object.values(methods as object)) as Operation[]
).map((operation) => ({ ...operation, parameters: operation.parameters.map(parameterOf) }));

function parameterOf(parameter: Parameter | Schema): Parameter {
  return !('name' in parameter) ? document.components.parameters[nameOf(parameter)] : parameter;
}

export const resolved = (schema: Schema): Schema => document.components.schemas[nameOf(schema)] ?? schema;
export const responses = operations.flatMap(({ operationId, responses }) =>
  Object.entries(responses).map(([status, response]) => ({ operationId, status, response })),
);

export function exampleValue({ value, $ref }: Example): unknown {
  return $ref ? document.components.examples[$ref.split('/').at(-1) ?? '']?.value : value;
}
