import * as z from 'zod';
import { config } from '../../lib/config/config.ts';
import { assetNames, readAsset } from '../../lib/docs/assets.ts';
import { fail } from '../../lib/errors.ts';
import { Document, reply } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    summary: 'A script or a style of the docs page.',
    produces: ['text/javascript', 'text/css'],
    params: z.object({ asset: z.enum(assetNames) }),
    returns: { 200: Document.schema },
    cacheControl: 'public, max-age=3600',
    isCompressed: true,
  },
  ({ params }) => {
    const asset = config.hasDocs ? readAsset(params.asset) : undefined;
    if (!asset) return fail('notFound');
    const headers = asset.isImmutable && { 'cache-control': 'public, max-age=31536000, immutable' };
    return reply(200, new Document(asset.mediaType, asset.body), headers || {});
  },
);
