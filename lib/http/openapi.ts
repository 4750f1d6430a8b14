import { readFileSync } from 'node:fs';
import { ApiError, type ErrorName, errors, ValidationError } from '../errors.ts';
import type { Contract } from './contract.ts';
import { dialectOf } from './dialects.ts';
import type { Endpoint } from './endpoint.ts';
import { around, describeStatus, errorNameOf, errorSchemas } from './openapiErrors.ts';
import { headerComponents, headersOf } from './openapiHeaders.ts';
import { describeBody, describeParameters } from './openapiRequests.ts';
import { describeSchema, type Json, named, pascalCase } from './openapiSchemas.ts';
import { project, type Route, readRoutes } from './routes.ts';

const root = new URL('../../', import.meta.url);

/** The OpenAPI 3.1 document: the routes of serverless.yml joined with the contracts of their endpoints. */
export async function buildOpenApi(): Promise<Json> {
  const { version, description, license } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
  const schemas: Json = { ...errorSchemas };
  const paths: Record<string, Json> = {};
  for (const route of readRoutes()) {
    const { contract } = await loadEndpoint(route.file);
    if (!contract.operationId) continue;
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: describe(route, contract, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Customer backend', version, description, license: { name: license, identifier: license } },
    servers: [{ url: '/', description: 'Where this document is served' }],
    paths,
    components: {
      headers: headerComponents,
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a.localeCompare(b))),
      securitySchemes: { accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  };
}

/** The endpoint that a file of a service exports; `file` is as in {@link Route}. */
export async function loadEndpoint(file: string, folder = project): Promise<Endpoint> {
  const { handler } = (await import(`${folder}/${file}.ts`)) as { handler: Endpoint };
  return handler;
}

/** The errors that an endpoint can answer because of what its contract asks for. */
export function commonErrors({ auth, params, body }: Pick<Contract, 'auth' | 'params' | 'body'>): ErrorName[] {
  return [
    ...(body ? (['parseError', 'payloadTooLarge', 'unsupportedMediaType'] as const) : []),
    ...(auth ? (['notAuthenticated', 'authenticationFailed', 'tokenNotValid'] as const) : []),
    ...(params ? (['notFound'] as const) : []),
    'methodNotAllowed',
    'notAcceptable',
    'throttled',
    'error',
  ];
}

function describe({ file }: Route, contract: Contract, schemas: Json): Json {
  const { operationId, tag, summary, description, auth, body, returns } = contract;
  const name = pascalCase(operationId ?? '');
  const successes = Object.entries(returns).map(([status, schema]) => [
    status,
    {
      description: describeStatus(Number(status)),
      headers: headersOf(Number(status), contract),
      ...(schema &&
        json(
          named(
            `${name}Response`,
            around(dialectOf(contract), Number(status), describeSchema(schema, 'output', schemas)),
            schemas,
          ),
        )),
    },
  ]);
  return {
    operationId,
    ...(tag && { tags: [tag] }),
    summary,
    ...(description && { description }),
    security: auth ? [{ accessToken: [] }] : [],
    parameters: describeParameters(contract, schemas),
    ...(body && { requestBody: describeBody(name, file, { ...contract, body }, schemas) }),
    responses: {
      ...Object.fromEntries(successes),
      ...(contract.cacheControl && { 304: { description: describeStatus(304), headers: headersOf(304, contract) } }),
      ...describeErrors(contract),
    },
  };
}

function describeErrors(contract: Contract): Json {
  const responses: Record<
    string,
    { description: string; headers: Json; content: { 'application/json': { schema: Json; examples: Json } } }
  > = {};
  const dialect = dialectOf(contract);
  const add = (name: string, error: unknown) => {
    const { status, body } = dialect.failure(error, 'en');
    responses[status] ??= {
      description: describeStatus(status),
      headers: headersOf(status, contract),
      ...json({ $ref: `#/components/schemas/${errorNameOf(dialect)}` }, {}),
    };
    responses[status].content['application/json'].examples[name] = { value: body };
  };
  if (contract.body || contract.query) add('badField', new ValidationError([{ attr: 'field', code: 'required' }]));
  for (const name of [...(contract.errors ?? []), ...commonErrors(contract)])
    add(errors[name].code, new ApiError(name));
  return responses;
}

function json(schema: Json, examples?: Json) {
  return { content: { 'application/json': { schema, ...(examples && { examples }) } } } as {
    content: { 'application/json': { schema: Json; examples: Json } };
  };
}
