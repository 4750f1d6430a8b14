import type { Contract } from '../http/contract.ts';
import type { Json } from './schemas.ts';

const text = { type: 'string' };

export const headers = {
  RequestId: {
    name: 'x-request-id',
    description: 'The id of the request, which is also in the log.',
    schema: text,
    example: '8f2f5a1e-31c0-4b5e-9d7c-2f6f1d1d6a11',
  },
  NotCached: {
    name: 'Cache-Control',
    description: 'The response must not be cached.',
    schema: { const: 'no-store' },
  },
  Cached: {
    name: 'Cache-Control',
    description: 'How many seconds the response may be cached.',
    schema: text,
    example: 'public, max-age=60',
  },
  ETag: {
    name: 'ETag',
    description: 'Identifies this response. Send it back as `If-None-Match`.',
    schema: text,
    example: '"1d3-aSu4rQnGmJ1dVJ5dJmUqYz0KzvY"',
  },
  Allow: { name: 'Allow', description: 'The methods of the path.', schema: text, example: 'GET, POST' },
  RetryAfter: {
    name: 'Retry-After',
    description: 'Seconds until the same request can succeed.',
    schema: { type: 'integer', minimum: 1 },
    example: 60,
  },
  Challenge: {
    name: 'WWW-Authenticate',
    description: 'Amazon API Gateway renames it to `x-amzn-remapped-www-authenticate`, so clients must use the status.',
    schema: { const: 'Bearer realm="api"' },
  },
} as const;

export const headerComponents = Object.fromEntries(
  Object.entries(headers).map(([name, { name: _, ...header }]) => [name, header]),
);

export function describeHeaders(status: number, { cacheControl }: Pick<Contract, 'cacheControl'>): Json {
  const isCached = cacheControl !== undefined && (status < 300 || status === 304);
  const sent: (keyof typeof headers)[] = [
    'RequestId',
    ...(isCached ? (['Cached', 'ETag'] as const) : (['NotCached'] as const)),
    ...(status === 401 ? (['Challenge'] as const) : []),
    ...(status === 405 ? (['Allow'] as const) : []),
    ...(status === 429 || status === 503 ? (['RetryAfter'] as const) : []),
  ];
  return Object.fromEntries(sent.map((name) => [headers[name].name, { $ref: `#/components/headers/${name}` }]));
}

export const parameterComponents = {
  AcceptLanguage: {
    name: 'Accept-Language',
    in: 'header',
    description: 'English or Arabic. A signed-in customer gets responses in their own language.',
    schema: text,
    example: 'en',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The `ETag` of the response that the client has.',
    schema: text,
    example: headers.ETag.example,
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'A new UUID for each tap, and the same one when the app repeats the request after a lost response. 1 to 255 visible ASCII characters, with or without quotes. The request is then made once within 24 hours, by default.',
    schema: text,
    example: '8e03978e-40d5-43e8-bc93-6894a57f9324',
  },
};

export function headerParameters({
  cacheControl,
  isIdempotent,
}: Pick<Contract, 'cacheControl' | 'isIdempotent'>): Json[] {
  const names: (keyof typeof parameterComponents)[] = [
    'AcceptLanguage',
    ...(cacheControl ? ['IfNoneMatch' as const] : []),
    ...(isIdempotent ? ['IdempotencyKey' as const] : []),
  ];
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}
