import makeEtag from 'etag';
import { chooseCoding, compress } from './compression.ts';
import type { Contract } from './contract.ts';
import type { Middleware } from './middleware.ts';

/**
 * Adds an ETag to cacheable responses, and returns 304 if the client already has the same ETag.
 * Each coding of a compressed response has its own ETag.
 */
export function addEtag({ cacheControl, isCompressed }: Pick<Contract, 'cacheControl' | 'isCompressed'>): Middleware {
  return {
    async after({ event, response }) {
      if (!cacheControl || !response) return;
      const coding = isCompressed ? chooseCoding(event.headers['accept-encoding']) : undefined;
      const etag = makeEtag(response.body).replace(/"$/, coding ? `-${coding}"` : '"');
      // Upper case, because middy's CORS step extends `Vary` and not `vary`.
      const Vary = isCompressed ? 'Accept-Language, Accept-Encoding' : 'Accept-Language';
      response.headers = { ...response.headers, etag, Vary };
      if (isKnown(event.headers['if-none-match'], etag)) {
        delete response.headers['content-type'];
        Object.assign(response, { statusCode: 304, body: '' });
      } else if (coding) {
        response.headers = { ...response.headers, 'content-encoding': coding };
        Object.assign(response, { body: await compress(response.body, coding, etag), isBase64Encoded: true });
      }
    },
  };
}

/**
 * Returns whether an ETag matches `If-None-Match`. The package `fresh` does not fit, because it
 * returns no 304 for `cache-control: no-cache`, which fetch() sends.
 * @see RFC 9110, 13.1.2
 */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const etags = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return etags?.some((tag) => tag === etag || tag === '*') ?? false;
}
