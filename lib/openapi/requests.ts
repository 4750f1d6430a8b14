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

/** What an operation goes by beside its body. What the sample event leaves out and may be left out has an empty example. */
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

/** The body of an operation whose schemas are called by this name, with that of its sample event, which a test holds against the schema. */
export async function describeBody(
  name: string,
  file: string,
  { accepts, body, needsBody }: Contract & { body: z.ZodType },
  schemas: Json,
): Promise<Json> {
  const request = describeSchema(body, 'input', schemas);
  // None at all counts as `{}`.
  const hasNeeds = (request.required as string[]).length > 0;
  const required = needsBody || hasNeeds || !(await body.safeParseAsync({})).success;
  const sample = JSON.parse(sampleEvent(file).body ?? '{}');
  const content = { 'application/json': media(nameSchema(`${name}Request`, request, schemas), sample) };
  if (!accepts) return { required, content };
  const form = describeForm(body);
  const values = asForm(sample, form);
  // Without a name: the Java generator imports the class of a named form, and makes no such class.
  const ofForm = media(withExamples(form, values), values);
  const upload = { summary: 'With a file in place of the text.', value: { ...values, ...listFiles(form) } };
  const examples = { ...ofForm.examples, upload };
  return { required, content: { ...content, [accepts.mediaType]: { ...ofForm, examples } } };
}

/** The file fields of a form, each with the name of a file. */
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

/** A body as the texts of a form, without files. */
function asForm(body: Json, { properties }: Form): Json {
  const fields = Object.entries(body).filter(([name]) => properties[name]?.format !== 'binary');
  return Object.fromEntries(
    fields.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value]),
  );
}

/** Swagger UI fills in each field that has an example. Fields that the sample leaves out stay empty. */
function withExamples(form: Form, values: Json): Form {
  const properties = Object.entries(form.properties).map(([name, field]) => {
    return [name, name in values ? { ...field, examples: [values[name]] } : field];
  });
  return { ...form, properties: Object.fromEntries(properties) };
}
