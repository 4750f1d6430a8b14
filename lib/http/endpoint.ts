import middy from '@middy/core';
import httpContentNegotiation from '@middy/http-content-negotiation';
import httpHeaderNormalizer from '@middy/http-header-normalizer';
import httpUrlencodePathParser from '@middy/http-urlencode-path-parser';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import * as z from 'zod';
import { ApiError, type FieldError, fail, ValidationError } from '../errors.ts';
import { type Language, languages } from '../languages.ts';
import { loggable, logger } from '../logger.ts';
import { findClientIp } from './clientIp.ts';
import { type BodyReader, type Contract, Document, type Input, type Output, Reply } from './contract.ts';
import { chooseErrorFormat, type ErrorFormat } from './errorFormats.ts';
import { addEtag } from './etag.ts';
import { cors, requestId, securityHeaders } from './headers.ts';
import { readIdempotencyKey, toIdempotentRequest } from './idempotencyKey.ts';
import { json } from './jsonBody.ts';
import type { HttpContext, HttpRequest, Middleware } from './middleware.ts';
import { readQuery } from './queryParameters.ts';
import { toFieldErrors } from './validationErrors.ts';

export interface Endpoint {
  (event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult>;
  contract: Contract;
}

/** Makes the Lambda handler of one endpoint. A request passes the steps in order of the code. */
export function endpoint<const C extends Contract>(
  contract: C,
  handle: (input: Input<C>) => Promise<Output<C>> | Output<C>,
): Endpoint {
  const pipeline = middy<APIGatewayProxyEvent, APIGatewayProxyResult, Error, HttpContext>({
    requestStart: ({ context }) => Object.assign(context, { startedAtMs: performance.now() }),
    requestEnd: (request) => logRequest(contract, request as HttpRequest),
  })
    .use<Middleware>(requestId)
    .use<Middleware>(cors)
    .use<Middleware>(securityHeaders(contract))
    .use<Middleware>(responseErrors(contract))
    .use<Middleware>(httpHeaderNormalizer() as Middleware)
    .use<Middleware>(negotiation(contract))
    .use<Middleware>(authentication(contract))
    .use<Middleware>(bodyParsing(contract))
    .use<Middleware>(httpUrlencodePathParser() as Middleware)
    .use<Middleware>(addEtag(contract))
    .handler(async (event, context) => {
      const key = contract.isIdempotent && readIdempotencyKey(event);
      const valid = await validate(contract, event);
      const input = {
        ...context.principal,
        ...valid,
        ...(key && { idempotency: toIdempotentRequest(key, contract.operationId, valid.body) }),
        language: languageOf(context),
        clientIp: findClientIp(event),
        method: event.httpMethod,
        authorization: event.headers.authorization,
        resource: event.resource,
        url: urlOf(event),
        path: event.requestContext.path,
      };
      return respond(contract, event.path, await handle(input as Input<C>));
    });
  return Object.assign((event: APIGatewayProxyEvent, context: Context) => pipeline(event, context as HttpContext), {
    contract,
  });
}

/** Makes an `endpoint` function with defaults for all contracts of a service. */
export function endpointsWith(common: Pick<Contract, 'errorFormat' | 'accepts' | 'needsBody'>): typeof endpoint {
  return (contract, handle) => endpoint({ ...common, ...contract }, handle);
}

/** Translates the errors of middy's own steps: an undecodable path and an unacceptable type. */
function translateError(error: Error | null | undefined, { rejectsPaths }: ErrorFormat): Error | null | undefined {
  const status = error && 'statusCode' in error ? error.statusCode : undefined;
  const { data } = (error?.cause ?? {}) as { data?: unknown };
  if (status === 400 && rejectsPaths) return new ValidationError([{ attr: String(data), code: 'invalid' }]);
  if (status === 400) return new ApiError('notFound');
  return status === 406 ? new ApiError('notAcceptable') : error;
}

function responseErrors(contract: Contract): Middleware {
  return {
    onError(request) {
      const { context, event } = request;
      const errorFormat = chooseErrorFormat(contract, event.path);
      const failure = errorFormat.failure(translateError(request.error, errorFormat), languageOf(context));
      request.response = {
        statusCode: failure.status,
        headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...failure.headers },
        body: JSON.stringify(failure.body),
      };
    },
  };
}

/** Negotiates the content type. Ignores media type parameters, such as a charset. */
function negotiation({ produces = ['application/json'] }: Contract): Middleware {
  const negotiator = httpContentNegotiation({
    parseCharsets: false,
    parseEncodings: false,
    availableMediaTypes: [...produces],
  }) as Middleware;
  return {
    before(request) {
      // API Gateway sends null for a request without headers.
      request.event.headers ??= {};
      const { headers } = request.event;
      const accept = headers.accept?.replace(/;(?!\s*q=)[^;,]*/gi, '').trim();
      if (accept) headers.accept = accept;
      else delete headers.accept;
      return negotiator.before?.(request);
    },
  };
}

function authentication({ auth }: Contract): Middleware {
  return {
    async before({ event, context }) {
      if (auth) context.principal = await auth(event.headers);
    },
  };
}

function languageOf(context: HttpContext): Language {
  if (context.principal?.customer) return context.principal.customer.language;
  const requested = context.preferredLanguages?.map((tag) => tag.toLowerCase().split(/[^a-z]/)[0]);
  return requested?.map((tag) => languages.find((language) => language === tag)).find(Boolean) ?? 'en';
}

/**
 * Parses the body. A missing body counts as `{}`, so that the error names every missing field,
 * unless the contract needs a body.
 */
function bodyParsing({ body: schema, accepts, needsBody }: Contract): Middleware {
  const readers = [json, ...(accepts ? [accepts] : [])];
  return {
    async before({ event }) {
      if (!schema) return;
      if (needsBody && !event.body) fail('parseError');
      const mediaType = event.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
      const reader = readers.find((candidate) => candidate.mediaType === mediaType);
      const body = event.body ? await read(reader, event) : {};
      Object.assign(event, { body: reader === json ? body : withoutUnfilled(body, schema) });
    },
  };
}

/** Removes empty optional fields, because browsers and Swagger UI send them as `""`. */
function withoutUnfilled(body: unknown, schema: z.ZodType): unknown {
  if (!(schema instanceof z.ZodObject)) return body;
  const isUnfilled = ([name, value]: [string, unknown]) =>
    value === '' && (schema.shape[name] as z.ZodType | undefined)?.safeParse(undefined).success;
  return Object.fromEntries(Object.entries(body as object).filter((field) => !isUnfilled(field)));
}

async function read(reader: BodyReader | undefined, event: APIGatewayProxyEvent): Promise<unknown> {
  if (!reader) return fail('unsupportedMediaType');
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  return bytes.length > reader.maxBytes()
    ? fail('payloadTooLarge')
    : reader.read(bytes, event.headers['content-type'] ?? '');
}

/** Returns the called URL, including the stage or the base path, which only the gateway knows. */
function urlOf({ headers, requestContext }: APIGatewayProxyEvent): string {
  return `${headers['x-forwarded-proto'] ?? 'http'}://${headers.host}${requestContext.path}`;
}

async function validate(contract: Contract, event: APIGatewayProxyEvent): Promise<Record<string, unknown>> {
  const fields: FieldError[] = [];
  const check = async (schema: z.ZodType | undefined, value: unknown) => {
    const result = await schema?.safeParseAsync(value, { reportInput: true });
    if (schema && result?.error) fields.push(...toFieldErrors(result.error, schema));
    return result?.data;
  };
  const params = await check(contract.params, event.pathParameters ?? {});
  if (fields.length > 0 && !chooseErrorFormat(contract, event.path).rejectsPaths) fail('notFound');
  const query = await check(contract.query, readQuery(contract, event));
  const body = await check(contract.body, event.body);
  if (fields.length > 0) throw new ValidationError(fields);
  return { params, query, body };
}

function respond(contract: Contract, path: string, result: unknown): APIGatewayProxyResult {
  const [onlyStatus] = Object.keys(contract.returns).map(Number);
  const { status, body, headers } = result instanceof Reply ? result : new Reply(onlyStatus ?? 200, result, {});
  const schema = contract.returns[status];
  const document = body instanceof Document ? body : undefined;
  return {
    statusCode: status,
    headers: {
      ...(schema && { 'content-type': document ? `${document.mediaType}; charset=utf-8` : 'application/json' }),
      'cache-control': contract.cacheControl ?? 'no-store',
      ...headers,
    },
    body:
      document?.body ??
      (schema ? JSON.stringify(chooseErrorFormat(contract, path).success(status, schema.parse(body))) : ''),
  };
}

/** Logs one line for each request, without bodies, headers and queries: they hold personal data. */
function logRequest(contract: Contract, { event, context, response, error }: HttpRequest): void {
  const status = response?.statusCode ?? 500;
  const line = {
    request_id: event.requestContext.requestId,
    operation: contract.operationId,
    method: event.httpMethod,
    route: event.resource,
    status,
    duration_ms: Math.round(performance.now() - context.startedAtMs),
    customer_id: context.principal?.customer?.id,
    problem: error instanceof ApiError ? error.errorName : undefined,
  };
  if (status < 500) logger.info('request_completed', line);
  else logger.error('request_failed', { ...line, error: loggable(error) });
}
