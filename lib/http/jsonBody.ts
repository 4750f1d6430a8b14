import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import type { BodyReader } from './contract.ts';

/** JSON in UTF-8. Not middy's parser: it takes other charsets for UTF-8, and refuses keys that we ignore. */
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
