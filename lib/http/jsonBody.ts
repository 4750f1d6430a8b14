import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import type { BodyReader } from './contract.ts';

/**
 * Reader for JSON in UTF-8. Middy's parser does not fit, because it reads other charsets as UTF-8
 * and rejects keys that we ignore.
 */
export const json: BodyReader = {
  mediaType: 'application/json',
  maxBytes: () => config.maxJsonBodyBytes,
  read(bytes, contentType) {
    const charset = /;\s*charset="?([^";\s]*)/i.exec(contentType)?.[1] ?? 'utf-8';
    if (!/^utf-?8$/i.test(charset)) return fail('unsupportedMediaType');
    try {
      return JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(bytes));
    } catch {
      return fail('parseError');
    }
  },
};
