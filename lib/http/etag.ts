import makeEtag from 'etag';
import { chooseCoding, compress } from './compression.ts';
import type { Contract } from './contract.ts';
import type { Middleware } from './middleware.ts';

/**
 * Gives responses that may be cached an ETag, and returns 304 without a body to a client that has
 * the same one already. Compresses large ones, with an ETag for each coding.
 */
export function addEtag({ cacheControl, isCompressed }: Pick<Contract, 'cacheControl' | 'isCompressed'>): Middleware {
  return {
    async after({ event, response }) {
      if (!cacheControl || !response) return;
      const coding = isCompressed ? chooseCoding(event.headers['accept-encoding']) : undefined;
      const etag = makeEtag(response.body).replace(/"$/, coding ? `-${coding}"` : '"');
      // In the spelling of middy's CORS step, which adds to it.
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
 * RFC 9110, 13.1.2. Not the package `fresh`: it lets `cache-control: no-cache` win, which fetch()
 * sends along by itself.
 */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known?.some((tag) => tag === etag || tag === '*') ?? false;
}
