import httpCors from '@middy/http-cors';
import httpSecurityHeaders from '@middy/http-security-headers';
import { config } from '../config/config.ts';
import type { Contract } from './contract.ts';
import { corsPolicy } from './corsPolicy.ts';
import type { HttpRequest, Middleware } from './middleware.ts';

/** Security headers for JSON responses. The other headers only concern pages. */
const standardHeaders = httpSecurityHeaders({
  contentSecurityPolicy: { 'default-src': "'none'", 'frame-ancestors': "'none'" },
  crossOriginEmbedderPolicy: false,
  crossOriginOpenerPolicy: false,
  crossOriginResourcePolicy: { policy: 'cross-origin' },
  dnsPrefetchControl: false,
  downloadOptions: false,
  originAgentCluster: false,
  permissionsPolicy: false,
  permittedCrossDomainPolicies: false,
}) as Middleware;

export function securityHeaders({ produces }: Pick<Contract, 'produces'>): Middleware {
  if (!produces?.includes('text/html')) return standardHeaders;
  return {
    ...standardHeaders,
    after: async (request) => {
      await standardHeaders.after?.(request);
      if (request.response) Object.assign(request.response.headers ?? {}, { 'Content-Security-Policy': pagePolicy() });
    },
  };
}

/** Allows a page its own scripts, styles and API, and the local inbox that signs developers in. */
function pagePolicy(): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    `connect-src 'self' ${config.localSiteUrl ?? ''}`.trim(),
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

export const requestId: Middleware = {
  after: addRequestId,
  onError: addRequestId,
};

function addRequestId({ event, response }: HttpRequest): void {
  if (response) response.headers = { ...response.headers, 'x-request-id': event.requestContext.requestId };
}

/** Reads the origins at the first request, so that importing an endpoint needs no environment. */
export const cors: Middleware = {
  after: (request) => corsHeaders().after?.(request),
  onError: (request) => corsHeaders().onError?.(request),
};

let corsMiddleware: Middleware | undefined;
function corsHeaders(): Middleware {
  corsMiddleware ??= httpCors({
    origins: config.corsOrigins,
    headers: corsPolicy.headersWith(config.corsRequestHeaders),
    methods: corsPolicy.methods,
    exposeHeaders: ['x-request-id, retry-after, etag', ...config.corsResponseHeaders].join(', '),
    maxAge: corsPolicy.maxAgeSeconds,
  }) as Middleware;
  return corsMiddleware;
}
