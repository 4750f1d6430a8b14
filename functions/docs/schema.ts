import * as z from 'zod';
import { findBase } from '../../lib/docs/base.ts';
import { readDocument } from '../../lib/docs/document.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    operationId: 'getSchema',
    tag: 'docs',
    summary: 'Get this document.',
    description: 'The OpenAPI 3.1 document of this stage, for client generators.',
    returns: { 200: z.looseObject({ openapi: z.string().describe('The version of OpenAPI.') }) },
    cacheControl: 'public, max-age=300',
    isCompressed: true,
  },
  // The URL has no host, because shared caches would keep a header that a client made up.
  ({ path, resource }) => readDocument(findBase(path, resource)),
);
