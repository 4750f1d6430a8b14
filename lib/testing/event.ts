import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { describeCaller } from '../../local/callerIdentity.ts';

export interface TestRequest {
  method?: string;
  resource?: string;
  /** An object is sent as JSON, a string as it is, bytes as API Gateway sends binary media types; nothing sends no body. */
  body?: unknown;
  /** An access token, for the Authorization header. */
  token?: string;
  headers?: Record<string, string>;
  /** A list is sent as a parameter that comes several times. */
  query?: Record<string, string | string[]>;
  params?: Record<string, string>;
  /** Sends the body as API Gateway sends binary media types. */
  base64?: boolean;
  clientIp?: string;
}

/** An event as a REST API of API Gateway sends it to a Lambda function (payload format 1.0). */
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

/** As much of Lambda's context as a handler of ours could look at. */
export function lambdaContext(): Context {
  // Nothing is timed by it: hundreds of calls at once may take long on a machine that does other things as well.
  return { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 300_000 } as Context;
}
