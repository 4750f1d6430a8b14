import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { gunzip, gzip, inflate } from 'node:zlib';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { describeCaller } from './callerIdentity.ts';
import { isLocalHost } from './guard.ts';
import { type Lambda, report, TooLarge } from './lambda.ts';

/**
 * One `http` event of a function. The method `any` stands for those without a function of their
 * own.
 */
export interface GatewayRoute {
  functionKey: string;
  method: string;
  path: string;
}

/** API Gateway's own responses by type, such as `BAD_REQUEST_BODY`, as the service defines them. */
export type GatewayResponses = Record<string, { status: number; headers: Record<string, string>; body: string }>;

export interface GatewayOptions {
  routes: readonly GatewayRoute[];
  responses: GatewayResponses;
  lambda: Pick<Lambda, 'invoke'>;
  binaryMediaTypes: readonly string[];
  minimumCompressionSize: number | undefined;
  stage: string;
  /** The port of the local site. Its URLs in responses follow the host that the client calls. */
  localPort: number;
  onRequest: (requestId: string, event: APIGatewayProxyEvent) => void;
  onResponse: (requestId: string, result: APIGatewayProxyResult) => void;
}

export function responsesIn(resources: readonly { Type: string; Properties: object }[]): GatewayResponses {
  const found = resources.filter(({ Type }) => Type === 'AWS::ApiGateway::GatewayResponse');
  return Object.fromEntries(
    found.map(({ Properties }) => {
      const { ResponseType, StatusCode, ResponseParameters, ResponseTemplates } = Properties as GatewayResponse;
      const headers = Object.entries(ResponseParameters).map(([name, value]) => [
        name.replace('gatewayresponse.header.', ''),
        value.replace(/^'(.*)'$/, '$1'),
      ]);
      const body = ResponseTemplates['application/json'] ?? '';
      return [ResponseType, { status: Number(StatusCode), headers: Object.fromEntries(headers), body }];
    }),
  );
}

interface GatewayResponse {
  ResponseType: string;
  StatusCode: string;
  ResponseParameters: Record<string, string>;
  ResponseTemplates: Record<string, string>;
}

const mostBodyBytes = 10 * 1024 * 1024;
const mostHeaderBytes = 10_240;
const codings: Record<string, (bytes: Buffer) => Promise<Buffer>> = {
  gzip: (bytes) => promisify(gunzip)(bytes, { maxOutputLength: mostBodyBytes + 1 }),
  deflate: (bytes) => promisify(inflate)(bytes, { maxOutputLength: mostBodyBytes + 1 }),
  identity: async (bytes) => bytes,
};

/** A request that gets one of API Gateway's own responses. */
class GatewayError extends Error {
  readonly type: string;

  constructor(type: string) {
    super(type);
    this.type = type;
  }
}

/**
 * Emulates a REST API of API Gateway, as far as clients can tell. It routes requests to functions,
 * and builds their events. Its own responses are those of the service, even for bytes that are not
 * HTTP.
 */
export function gateway(options: GatewayOptions): Server {
  const routes = routesByPath(options.routes);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    try {
      if (!request.headers.host) throw new GatewayError('BAD_REQUEST_PARAMETERS');
      const bytes = await bodyOf(request);
      const { route, resource, parameters } = routes.find(request.method ?? '', pathOf(request));
      const body = await decodeBody(bytes, request, options);
      const event = eventOf(request, { body, resource, parameters, requestId, options });
      options.onRequest(requestId, event);
      const result = (await options.lambda.invoke(route.functionKey, event).catch((error) => {
        if (error instanceof TooLarge && error.message.includes('event')) throw new GatewayError('REQUEST_TOO_LARGE');
        report(route.functionKey, error);
        throw new GatewayError('INTEGRATION_FAILURE');
      })) as APIGatewayProxyResult;
      await send(result, request, response, options);
      options.onResponse(requestId, result);
    } catch (error) {
      if (!(error instanceof GatewayError)) report('The gateway', error);
      const failure = responseOf(
        error instanceof GatewayError ? error.type : 'DEFAULT_5XX',
        options.responses,
        requestId,
      );
      // Node.js would parse the unread part of a request as the next one.
      if (!request.complete) response.shouldKeepAlive = false;
      const length = { 'content-length': Buffer.byteLength(failure.body) };
      response
        .writeHead(failure.status, { ...failure.headers, ...length })
        .end(request.method === 'HEAD' ? undefined : failure.body);
      options.onResponse(requestId, { statusCode: failure.status, body: failure.body });
    }
  }

  /** Responds on a socket whose bytes are not a valid request. */
  function respondOnSocket(socket: Socket, type: string): void {
    if (!socket.writable) return;
    const { status, headers, body } = responseOf(type, options.responses, randomUUID());
    const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`);
  }

  const server = createServer({ maxHeaderSize: mostHeaderBytes, requireHostHeader: false }, (request, response) => {
    void serve(request, response);
  });
  server.on('checkExpectation', (request, response) => void serve(request, response));
  server.on('connect', (_, socket) => respondOnSocket(socket as Socket, 'MISSING_AUTHENTICATION_TOKEN'));
  server.on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket) => {
    const isHttp = /^\S+ \S+ HTTP\//.test(error.rawPacket?.toString('latin1') ?? '');
    const types: Record<string, string> = {
      HPE_HEADER_OVERFLOW: 'REQUEST_TOO_LARGE',
      HPE_INVALID_METHOD: isHttp ? 'MISSING_AUTHENTICATION_TOKEN' : 'BAD_REQUEST_PARAMETERS',
    };
    if (error.code === 'ECONNRESET') socket.destroy();
    else respondOnSocket(socket as Socket, types[error.code ?? ''] ?? 'BAD_REQUEST_PARAMETERS');
  });
  return server;
}

interface RouteMatch {
  route: GatewayRoute;
  /** The path as API Gateway names it: `/api/devices/{registration_id}`. */
  resource: string;
  parameters: Record<string, string> | null;
}

/**
 * Indexes routes by path segment. Literal segments precede parameters, and `{proxy+}` comes last.
 */
function routesByPath(routes: readonly GatewayRoute[]) {
  interface Part {
    parts: Map<string, Part>;
    parameter?: { name: string; part: Part };
    resource?: string;
    methods: Map<string, GatewayRoute>;
  }
  const empty = (): Part => ({ parts: new Map(), methods: new Map() });
  const root = empty();
  let others: { resource: string; methods: Part['methods'] } | undefined;
  for (const route of routes) {
    const resource = route.path.replace(/(?<=.)\/$/, '');
    if (resource === '/{proxy+}') {
      others ??= { resource, methods: new Map() };
      others.methods.set(route.method.toUpperCase(), route);
      continue;
    }
    let part = root;
    for (const name of resource.split('/').filter(Boolean)) {
      const parameter = /^\{(\w+)\}$/.exec(name)?.[1];
      if (parameter) {
        part.parameter ??= { name: parameter, part: empty() };
        part = part.parameter.part;
      } else {
        const next = part.parts.get(name) ?? empty();
        part.parts.set(name, next);
        part = next;
      }
    }
    part.resource = resource;
    part.methods.set(route.method.toUpperCase(), route);
  }

  return {
    find(method: string, path: string): RouteMatch {
      const parameters: Record<string, string> = {};
      let part: Part | undefined = root;
      for (const name of path === '/' ? [] : path.slice(1).replace(/\/$/, '').split('/')) {
        const next: Part | undefined = part.parts.get(name);
        if (!next && part.parameter && name !== '') parameters[part.parameter.name] = name;
        part = next ?? (name === '' ? undefined : part.parameter?.part);
        if (!part) break;
      }
      const route = part?.methods.get(method) ?? part?.methods.get('ANY');
      if (part?.resource && route) {
        return {
          route,
          resource: part.resource,
          parameters: Object.keys(parameters).length > 0 ? parameters : null,
        };
      }
      const other = others?.methods.get(method) ?? others?.methods.get('ANY');
      if (!others || !other) throw new GatewayError('MISSING_AUTHENTICATION_TOKEN');
      return { route: other, resource: others.resource, parameters: { proxy: path.slice(1) } };
    },
  };
}

/** Returns the path of a request. Proxies may send the whole URL, and `OPTIONS *` has no path. */
function pathOf({ url = '/' }: IncomingMessage): string {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return path.startsWith('/') ? path : `/${path}`;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (Number(request.headers['content-length']) > mostBodyBytes) throw new GatewayError('REQUEST_TOO_LARGE');
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > mostBodyBytes) throw new GatewayError('REQUEST_TOO_LARGE');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Decompresses a body. API Gateway accepts compressed requests if the API compresses responses. */
async function decodeBody(
  bytes: Buffer,
  { headers }: IncomingMessage,
  { minimumCompressionSize }: GatewayOptions,
): Promise<Buffer> {
  const coding = headers['content-encoding']?.trim().toLowerCase();
  if (!coding || minimumCompressionSize === undefined || bytes.length === 0) return bytes;
  const decode = codings[coding];
  if (!decode) throw new GatewayError('UNSUPPORTED_MEDIA_TYPE');
  const plain = await decode(bytes).catch((error: NodeJS.ErrnoException) => {
    throw new GatewayError(error.code === 'ERR_BUFFER_TOO_LARGE' ? 'REQUEST_TOO_LARGE' : 'BAD_REQUEST_BODY');
  });
  if (plain.length > mostBodyBytes) throw new GatewayError('REQUEST_TOO_LARGE');
  return plain;
}

function eventOf(
  request: IncomingMessage,
  {
    body,
    resource,
    parameters,
    requestId,
    options,
  }: Pick<RouteMatch, 'resource' | 'parameters'> & { body: Buffer; requestId: string; options: GatewayOptions },
): APIGatewayProxyEvent {
  const path = pathOf(request);
  const method = request.method ?? '';
  const sourceIp = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const multiValueHeaders = headersOf(request, sourceIp);
  const headers = lastOf(multiValueHeaders);
  const multiValueQuery = queryOf(request.url ?? '');
  const isBinary = isBinaryType(request.headers['content-type'], options.binaryMediaTypes);
  return {
    resource,
    path,
    httpMethod: method,
    headers,
    multiValueHeaders,
    queryStringParameters: multiValueQuery && lastOf(multiValueQuery),
    multiValueQueryStringParameters: multiValueQuery,
    pathParameters: parameters,
    stageVariables: null,
    body: body.length === 0 ? null : body.toString(isBinary ? 'base64' : 'utf8'),
    isBase64Encoded: body.length > 0 && isBinary,
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      authorizer: null,
      protocol: 'HTTP/1.1',
      httpMethod: method,
      path,
      stage: options.stage,
      requestId,
      requestTimeEpoch: Date.now(),
      resourceId: 'local',
      resourcePath: resource,
      identity: describeCaller(sourceIp, headers['User-Agent'] ?? request.headers['user-agent'] ?? null),
    },
  };
}

/**
 * Returns the headers with their names as sent, and those that API Gateway adds. Without
 * `accept-encoding`, a function does not compress pages in which the gateway must rewrite URLs.
 */
function headersOf(request: IncomingMessage, sourceIp: string): Record<string, string[]> {
  const { rawHeaders, headers, socket } = request;
  // A header may have the name of a property of all objects.
  const all: Record<string, string[]> = Object.create(null);
  const isElsewhere = !['localhost', undefined].includes(hostOf(request));
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (/^(connection|keep-alive|transfer-encoding|x-forwarded-(for|proto|port))$/i.test(name)) continue;
    if (isElsewhere && /^accept-encoding$/i.test(name)) continue;
    const spelling = Object.keys(all).find((other) => other.toLowerCase() === name.toLowerCase()) ?? name;
    all[spelling] = [...(all[spelling] ?? []), value];
  }
  const forwarded = [headers['x-forwarded-for'], sourceIp].flat().filter(Boolean).join(', ');
  return {
    ...all,
    'X-Forwarded-For': [forwarded],
    'X-Forwarded-Proto': ['http'],
    'X-Forwarded-Port': [String(socket.localPort)],
  };
}

function lastOf(all: Record<string, string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(all).map(([name, values]) => [name, values.at(-1) ?? '']));
}

function queryOf(url: string): Record<string, string[]> | null {
  const query = /\?([^#]*)/.exec(url)?.[1];
  const all: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    Object.defineProperty(all, name, {
      value: [...(Object.hasOwn(all, name) ? (all[name] ?? []) : []), value],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return Object.keys(all).length > 0 ? all : null;
}

function isBinaryType(contentType: string | undefined, binary: readonly string[]): boolean {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() || 'application/json';
  return binary.some((binaryType) => binaryType === '*/*' || binaryType.toLowerCase() === type);
}

async function send(
  result: APIGatewayProxyResult,
  request: IncomingMessage,
  response: ServerResponse,
  options: GatewayOptions,
): Promise<void> {
  const { statusCode, body, isBase64Encoded } = result ?? {};
  if (!Number.isInteger(statusCode) || (body !== undefined && typeof body !== 'string')) {
    report('A function', new Error('Its result is no response: it has no statusCode, or a body that is not a string.'));
    throw new GatewayError('INTEGRATION_FAILURE');
  }
  const headers: Record<string, string[]> = {};
  for (const [name, value] of Object.entries({ ...result.headers, ...result.multiValueHeaders }))
    headers[name.toLowerCase()] = [value].flat().map((text) => rewriteSiteHost(String(text), request, options));
  if (!headers['content-type']) headers['content-type'] = ['application/json'];
  let bytes = isBase64Encoded
    ? Buffer.from(body ?? '', 'base64')
    : Buffer.from(rewriteSiteHost(body ?? '', request, options));
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const { minimumCompressionSize: fewest } = options;
  if (fewest !== undefined && bytes.length >= fewest && /\bgzip\b/.test(accepted) && !headers['content-encoding']) {
    bytes = await promisify(gzip)(bytes);
    headers['content-encoding'] = ['gzip'];
  }
  const hasBody = statusCode !== 204 && statusCode !== 304;
  if (hasBody) headers['content-length'] = [String(bytes.length)];
  else delete headers['content-type'];
  response.writeHead(statusCode, headers).end(hasBody && request.method !== 'HEAD' ? bytes : undefined);
}

/** Returns the response for a type, which is by default that of `DEFAULT_5XX`. */
function responseOf(type: string, responses: GatewayResponses, requestId: string): GatewayResponses[string] {
  const configured = responses[type] ?? responses.DEFAULT_5XX ?? { status: 500, headers: {}, body: '' };
  const headers = Object.fromEntries(
    Object.entries(configured.headers).map(([name, value]) => [
      name,
      value === 'context.requestId' ? requestId : value,
    ]),
  );
  return { ...configured, headers: { 'content-type': 'application/json', ...headers } };
}

/** Replaces the host of the local site by the host that the client calls. */
function rewriteSiteHost(text: string, request: IncomingMessage, { localPort }: GatewayOptions): string {
  const host = hostOf(request);
  if (!host) return text;
  const siteUrl = new RegExp(`http://(?:127.0.0.1|localhost):${localPort}(?!\\d)`, 'g');
  return text.replaceAll(siteUrl, () => `http://${host}:${localPort}`);
}

function hostOf({ headers: { host } }: IncomingMessage): string | undefined {
  const name = host && URL.parse(`http://${host}`)?.hostname;
  return name && isLocalHost(name) ? name : undefined;
}
