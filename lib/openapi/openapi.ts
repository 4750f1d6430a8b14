import { readFileSync } from 'node:fs';
import type { ErrorName } from '../errors.ts';
import type { BodyReader, Contract } from '../http/contract.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { chooseErrorFormat } from '../http/errorFormats.ts';
import { describeErrors, describeStatus, errorSchemas, findContext } from './errors.ts';
import { easeGeneration } from './forGenerators.ts';
import { describeHeaders, headerComponents, parameterComponents } from './headers.ts';
import { describeBody, describeParameters } from './requests.ts';
import { project, type Route, readRoutes } from './routes.ts';
import { findSample, samplesByStatus } from './samples.ts';
import { type Components, describeSchema, type Json, nameSchema, pascalCase } from './schemas.ts';

/** Tags in the order of the docs page. */
const tags = {
  auth: 'One-time codes, tokens and sessions.',
  customers: 'The customer’s profile, its export and its erasure.',
  password:
    'Password login for the same customers. Responses are envelopes, `{code, data}`, and 423 means invalid fields.',
  addresses: 'Delivery addresses. The primary address comes first.',
  wallet: 'The balance and its transactions. Amounts are decimal strings in the currency of the wallet.',
  devices: 'Push registrations. A push token belongs to one customer at a time.',
  notifications: 'The inbox and push preferences.',
  countries: 'The countries that the shop serves.',
  regions: 'The areas that the shop delivers to.',
  app: 'Content that operators write for the app.',
  health: 'Health checks.',
  docs: 'The description of this API.',
};

const root = new URL('../../', import.meta.url);

/** Builds the OpenAPI 3.1 document from the routes of serverless.yml and their contracts. */
export async function buildOpenApi(): Promise<Json> {
  const { version, description, license } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const components: Components = { schemas: {}, examples: {}, errorCodes: new Set() };
  const paths: Record<string, Json> = {};
  for (const route of readRoutes()) {
    const { contract } = await loadEndpoint(route.file);
    if (!contract.operationId) continue;
    const method = route.method.toLowerCase();
    const operation = await describe(route, contract, components);
    paths[route.path] = { ...paths[route.path], [method]: operation };
    if (!contract.accepts) continue;
    const path = formPathOf(route.path);
    const formOnly = describeFormOnly(operation, contract.accepts, components.schemas);
    paths[path] = { ...paths[path], [method]: { ...formOnly, ...describeUpload(method, path, formOnly) } };
  }
  const schemas = { ...components.schemas, ...errorSchemas(components.errorCodes) };
  return easeGeneration({
    openapi: '3.1.0',
    info: { title: 'Customer backend', version, description, license: { name: license, identifier: license } },
    servers: [{ url: '/', description: 'The stage that serves this document' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      headers: headerComponents,
      parameters: parameterComponents,
      examples: sorted(components.examples),
      schemas: describeReferences(sorted(schemas) as Record<string, Json>),
      securitySchemes: {
        accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        healthKey: { type: 'http', scheme: 'bearer', description: 'The secret `health-key` of the stage.' },
      },
    },
  }) as Json;
}

/** Copies the description of a named schema to each field without its own description. */
function describeReferences(schemas: Record<string, Json>): Json {
  const described = (field: Json): Json => {
    const reference = [field.$ref, ...(Array.isArray(field.anyOf) ? field.anyOf.map(({ $ref }) => $ref) : [])].find(
      Boolean,
    );
    const description = schemas[String(reference).split('/').at(-1) ?? '']?.description;
    return field.description || !description ? field : { ...field, description };
  };
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { properties, ...schema }]) => {
      const fields = Object.entries((properties ?? {}) as Record<string, Json>);
      const all = Object.fromEntries(fields.map(([field, value]) => [field, described(value)]));
      return [name, properties ? { ...schema, properties: all } : schema];
    }),
  );
}

function sorted(byName: Json): Json {
  return Object.fromEntries(Object.entries(byName).sort(([a], [b]) => a.localeCompare(b)));
}

/** Loads the endpoint of a file. `file` has the form of {@link Route.file}. */
export async function loadEndpoint(file: string, folder = project): Promise<Endpoint> {
  const { handler } = (await import(`${folder}/${file}.ts`)) as { handler: Endpoint };
  return handler;
}

/** Returns the errors that every endpoint with such a contract can return. */
export function commonErrors({
  auth,
  params,
  body,
  isIdempotent,
}: Pick<Contract, 'auth' | 'params' | 'body' | 'isIdempotent'>): ErrorName[] {
  return [
    ...(isIdempotent ? (['idempotencyKeyInvalid', 'idempotencyKeyConflict'] as const) : []),
    ...(body ? (['parseError', 'payloadTooLarge', 'unsupportedMediaType'] as const) : []),
    ...(auth ? (['notAuthenticated', 'authenticationFailed', 'tokenNotValid', 'unavailable'] as const) : []),
    ...(params ? (['notFound'] as const) : []),
    'methodNotAllowed',
    'notAcceptable',
    'throttled',
    'error',
  ];
}

async function describe({ file }: Route, contract: Contract, components: Components): Promise<Json> {
  const { operationId, tag, summary, description, body, errors: declared = [] } = contract;
  const { schemas } = components;
  const name = pascalCase(operationId ?? '');
  return {
    operationId,
    ...(tag && { tags: [tag] }),
    summary,
    ...(description && { description }),
    security: securityOf(contract),
    parameters: describeParameters(file, contract, schemas),
    ...(body && { requestBody: await describeBody(name, file, { ...contract, body }, schemas) }),
    responses: {
      ...describeSuccesses(name, contract, schemas),
      ...describeErrors(contract, [...declared, ...commonErrors(contract)], components),
    },
  };
}

/** Returns a second path for the form. The gateway accepts paths with and without a final slash. */
function formPathOf(path: string): string {
  return path.replace(/\/$/, '');
}

/**
 * Describes the form of an operation as a separate operation. Most generators make a method for the
 * first media type only. That is JSON, so no method could send a file.
 */
function describeFormOnly(operation: Json, { mediaType }: BodyReader, schemas: Json): Json {
  const { operationId, summary, requestBody, ...rest } = operation;
  const { required, content } = requestBody as { required: boolean; content: Record<string, Json> };
  const { schema, ...form } = content[mediaType] ?? {};
  const name = `${pascalCase(String(operationId))}Form`;
  return {
    operationId: `${operationId}ByForm`,
    ...rest,
    summary: `${String(summary).replace(/\.$/, '')}, with an image file.`,
    requestBody: { required, content: { [mediaType]: { schema: nameSchema(name, schema as Json, schemas), ...form } } },
  };
}

/** Returns the upload as a curl command, for documentation pages that show code samples. */
function describeUpload(method: string, path: string, { requestBody }: Json): Json {
  const { content } = requestBody as { content: Record<string, { examples: { upload: { value: Json } } }> };
  const fields = Object.entries(content['multipart/form-data']?.examples.upload.value ?? {});
  const parts = fields.map(([name, value]) => `-F '${name}=${value === 'photo.jpg' ? `@${value}` : value}'`);
  const source = [`curl -X ${method.toUpperCase()} "$API${path}" -H "Authorization: Bearer $ACCESS"`, ...parts].join(
    ' \\\n  ',
  );
  return { 'x-codeSamples': [{ lang: 'Shell', label: 'curl', source }] };
}

function securityOf({ auth, optionalKey }: Contract): Json[] {
  if (auth) return [{ accessToken: [] }];
  return optionalKey ? [{}, { [optionalKey]: [] }] : [];
}

function describeSuccesses(name: string, contract: Contract, schemas: Json): Json {
  const errorFormat = chooseErrorFormat(contract);
  const statuses = Object.entries(contract.returns).map(([key, schema]) => {
    const status = Number(key);
    const response = { description: describeStatus(status), headers: describeHeaders(status, contract) };
    if (!schema) return [key, response];
    const body = findContext(errorFormat, status, describeSchema(schema, 'output', schemas));
    const named = nameSchema(`${name}Response`, body, schemas);
    const sample = findSample(named, schemas);
    const example = status in samplesByStatus ? { ...(sample as Json), ...samplesByStatus[status] } : sample;
    return [key, { ...response, content: { 'application/json': { schema: named, example } } }];
  });
  const notModified = { description: describeStatus(304), headers: describeHeaders(304, contract) };
  return { ...Object.fromEntries(statuses), ...(contract.cacheControl && { 304: notModified }) };
}
