import makeEtag from 'etag';
import type { Contract } from './contract.ts';
import type { Step } from './step.ts';

/** Gives answers that may be cached an ETag, and says 304 without a body to a client that has the same one already. */
export function revalidation({ cacheControl }: Pick<Contract, 'cacheControl'>): Step {
  return {
    after({ event, response }) {
      if (!cacheControl || !response) return;
      const etag = makeEtag(response.body);
      // In the spelling of middy's CORS step, which adds to it.
      response.headers = { ...response.headers, etag, Vary: 'Accept-Language' };
      if (!isKnown(event.headers['if-none-match'], etag)) return;
      delete response.headers['content-type'];
      Object.assign(response, { statusCode: 304, body: '' });
    },
  };
}

/** RFC 9110, 13.1.2. Not the package `fresh`: it lets `cache-control: no-cache` win, which fetch() sends along by itself. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return known?.some((tag) => tag === etag || tag === '*') ?? false;
}
