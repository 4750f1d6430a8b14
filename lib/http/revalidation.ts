import makeEtag from 'etag';
import fresh from 'fresh';
import type { Contract } from './contract.ts';
import type { Step } from './step.ts';

/** Gives answers that may be cached an ETag, and says 304 without a body to a client that has the same one already. */
export function revalidation({ cacheControl }: Pick<Contract, 'cacheControl'>): Step {
  return {
    after({ event, response }) {
      if (!cacheControl || !response) return;
      // In the spelling of middy's CORS step, which adds to it.
      const validators = { etag: makeEtag(response.body), Vary: 'Accept-Language' };
      response.headers = { ...response.headers, ...validators };
      if (!fresh(event.headers, validators)) return;
      delete response.headers['content-type'];
      Object.assign(response, { statusCode: 304, body: '' });
    },
  };
}
