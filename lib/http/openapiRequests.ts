import { existsSync, readFileSync } from 'node:fs';
import type * as z from 'zod';
import type { Contract } from './contract.ts';
import { headerParameters } from './openapiHeaders.ts';
import { describeForm, describeSchema, type Form, isRequired, type Json, named } from './openapiSchemas.ts';
import { project } from './routes.ts';

/** What an operation goes by beside its body. */
export function describeParameters(contract: Contract, schemas: Json): Json[] {
  const { params, query } = contract;
  const describe = (schema: z.core.$ZodType) => describeSchema(schema as z.ZodType, 'input', schemas);
  return [
    ...Object.entries(params?.shape ?? {}).map(([name, schema]) => ({
      name,
      in: 'path',
      required: true,
      schema: describe(schema),
    })),
    ...Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
      name,
      in: 'query',
      required: isRequired(schema),
      schema: describe(schema),
    })),
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
  const sample = sampleBody(file);
  const content = { 'application/json': media(named(`${name}Request`, request, schemas), sample) };
  if (!accepts) return { required, content };
  const form = describeForm(body);
  const values = asForm(sample, form);
  const ofForm = media(named(`${name}Form`, withExamples(form, values), schemas), values);
  return { required, content: { ...content, [accepts.mediaType]: ofForm } };
}

function media(schema: Json, sample: Json): Json {
  return { schema, examples: { sample: { value: sample } } };
}

function sampleBody(file: string): Json {
  const event = `${project}/${file.replace(/^functions/, 'events')}.json`;
  return existsSync(event) ? JSON.parse(JSON.parse(readFileSync(event, 'utf8')).body) : {};
}

/** A body as the texts of a form, without files. */
function asForm(body: Json, { properties }: Form): Json {
  const fields = Object.entries(body).filter(([name]) => properties[name]?.format !== 'binary');
  return Object.fromEntries(
    fields.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value]),
  );
}

/** Swagger UI fills each field of a form by itself. */
function withExamples(form: Form, values: Json): Form {
  const fields = Object.entries(form.properties);
  const properties = fields.map(([name, field]) => [
    name,
    name in values ? { ...field, examples: [values[name]] } : field,
  ]);
  return { ...form, properties: Object.fromEntries(properties) };
}
