import * as z from 'zod';
import { baseOf } from '../../lib/docs/base.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import document from '../../openapi.json' with { type: 'json' };

export const handler = endpoint(
  {
    operationId: 'getSchema',
    tag: 'docs',
    summary: 'This document, with the address of the API that answers.',
    returns: { 200: z.looseObject({ openapi: z.string() }) },
    cacheControl: 'public, max-age=300',
  },
  ({ url, resource }) => ({ ...document, servers: [{ url: baseOf(url, resource) }] }),
);
