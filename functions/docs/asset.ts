import * as z from 'zod';
import { assetNames, readAsset } from '../../lib/docs/assets.ts';
import { Document } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    summary: 'A script or a style of the docs page.',
    produces: ['text/javascript', 'text/css'],
    params: z.object({ asset: z.enum(assetNames) }),
    returns: { 200: Document.schema },
    cacheControl: 'public, max-age=3600',
  },
  ({ params }) => {
    const { mediaType, body } = readAsset(params.asset);
    return new Document(mediaType, body);
  },
);
