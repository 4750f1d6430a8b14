import { existsSync, readFileSync } from 'node:fs';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type * as z from 'zod';
import type { Contract } from '../http/contract.ts';
import { headerParameters } from './headers.ts';
import { project } from './routes.ts';
import { findSample } from './samples.ts';
import {
  clearedByEmpty,
  describeForm,
  describeSchema,
  type Form,
  isNullable,
  isRequired,
  type Json,
  nameSchema,
} from './schemas.ts';

/**
 * Describes the parameters of an operation. An optional parameter that the sample event does not
 * have gets an empty example.
 */
export function describeParameters(file: string, contract: Contract, schemas: Json): Json[] {
  const { params, query } = contract;
  const { pathParameters, queryStringParameters } = sampleEvent(file);
  const sent = { ...pathParameters, ...queryStringParameters };
  const describe =
    (place: 'path' | 'query') =>
    ([name, zodSchema]: [string, z.core.$ZodType]) => {
      const described = describeSchema(zodSchema as z.ZodType, 'input', schemas);
      const { description, ...schema } = clearedByEmpty(described);
      const isLeftOut = isNullable(described) && !(name in sent);
      return {
        name,
        in: place,
        required: place === 'path' || isRequired(zodSchema),
        ...(description ? { description } : {}),
        schema,
        example: isLeftOut ? '' : findSample(schema, schemas, '', name),
      };
    };
  return [
    ...Object.entries(params?.shape ?? {}).map(describe('path')),
    ...Object.entries(query?.shape ?? {}).map(describe('query')),
    ...headerParameters(contract),
  ];
}

/**
 * Describes the body of an operation, with the body of its sample event as the example. `name` is
 * the prefix of the schema names. A test checks the sample against the schema.
 */
export async function describeBody(
  name: string,
  file: string,
  { accepts, body, needsBody }: Contract & { body: z.ZodType },
  schemas: Json,
): Promise<Json> {
  const request = describeSchema(body, 'input', schemas);
  // A missing body counts as `{}`.
  const hasRequiredFields = (request.required as string[]).length > 0;
  const required = needsBody || hasRequiredFields || !(await body.safeParseAsync({})).success;
  const sample = JSON.parse(sampleEvent(file).body ?? '{}');
  const content = { 'application/json': media(nameSchema(`${name}Request`, request, schemas), sample) };
  if (!accepts) return { required, content };
  const form = describeForm(body);
  const values = asForm(sample, form);
  // The form has no name, because the Java generator imports a class for a named form, but does not
  // make that class.
  const ofForm = media(withExamples(form, values), values);
  const upload = { summary: 'With a file in place of the text.', value: { ...values, ...listFiles(form) } };
  const examples = { ...ofForm.examples, upload };
  return { required, content: { ...content, [accepts.mediaType]: { ...ofForm, examples } } };
}

export function listFiles({ properties }: Form): Record<string, string> {
  const files = Object.entries(properties).filter(([, { format }]) => format === 'binary');
  return Object.fromEntries(files.map(([name]) => [name, 'photo.jpg']));
}

function media(schema: Json, sample: Json) {
  return { schema, examples: { sample: { value: sample } } };
}

function sampleEvent(file: string): Partial<APIGatewayProxyEvent> {
  const event = `${project}/${file.replace(/^functions/, 'events')}.json`;
  return existsSync(event) ? JSON.parse(readFileSync(event, 'utf8')) : {};
}

function asForm(body: Json, { properties }: Form): Json {
  const fields = Object.entries(body).filter(([name]) => properties[name]?.format !== 'binary');
  return Object.fromEntries(
    fields.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value]),
  );
}

/** Adds examples to the fields of the sample only, because Swagger UI fills in every example. */
function withExamples(form: Form, values: Json): Form {
  const properties = Object.entries(form.properties).map(([name, field]) => {
    return [name, name in values ? { ...field, examples: [values[name]] } : field];
  });
  return { ...form, properties: Object.fromEntries(properties) };
}
