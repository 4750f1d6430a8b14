import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { describeCaller } from '../../../local/callerIdentity.ts';

export interface TestRequest {
  method?: string;
  resource?: string;
  /**
   * Objects are sent as JSON, strings as they are, and bytes in base64 as API Gateway does.
   * Undefined sends no body.
   */
  body?: unknown;
  token?: string;
  headers?: Record<string, string>;
  /** A list repeats the parameter. */
  query?: Record<string, string | string[]>;
  params?: Record<string, string>;
  base64?: boolean;
  clientIp?: string;
}

/** Returns an event as an API Gateway REST API sends it (payload format 1.0). */
export function restEvent(request: TestRequest): APIGatewayProxyEvent {
  const { method = 'POST', resource = '/test', body, token, query, params, base64 = false } = request;
  const queries = query && Object.entries(query).map(([name, values]) => [name, [values].flat()] as const);
  const content =
    body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const isBase64Encoded = content !== undefined && (base64 || typeof content !== 'string');
  const headers: Record<string, string> = {
    Host: 'api.example.com',
    'User-Agent': 'okhttp/5.1.0',
    ...(content !== undefined && { 'Content-Type': 'application/json' }),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    ...request.headers,
  };
  return {
    resource,
    path: `${resource}/`,
    httpMethod: method,
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: queries ? Object.fromEntries(queries.map(([name, all]) => [name, all.at(-1)])) : null,
    multiValueQueryStringParameters: queries ? Object.fromEntries(queries) : null,
    pathParameters: params ?? null,
    stageVariables: null,
    body: content === undefined ? null : Buffer.from(content).toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      authorizer: null,
      protocol: 'HTTP/1.1',
      httpMethod: method,
      path: `/prod${resource}/`,
      stage: 'prod',
      requestId: randomUUID(),
      requestTimeEpoch: Date.now(),
      resourceId: 'abc123',
      resourcePath: resource,
      identity: describeCaller(request.clientIp ?? '203.0.113.7', 'okhttp/5.1.0'),
    },
  };
}

/** Returns the part of Lambda's context that our handlers may read. */
export function lambdaContext(): Context {
  // Long enough for hundreds of parallel calls on a busy machine.
  return { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 300_000 } as Context;
}
