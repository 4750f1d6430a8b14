import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import type { BodyReader } from './contract.ts';
import { readFormFields } from './formFields.ts';

/**
 * Reader for forms without files, in UTF-8. A repeated field becomes a list, which the schema of a
 * single value rejects.
 */
export const urlencoded: BodyReader = {
  mediaType: 'application/x-www-form-urlencoded',
  maxBytes: () => config.maxJsonBodyBytes,
  read(bytes) {
    try {
      const text = new TextDecoder('utf8', { fatal: true, ignoreBOM: true }).decode(bytes);
      decodeURIComponent(text);
      return readFormFields(new URLSearchParams(text));
    } catch {
      return fail('parseError', { detail: 'brokenForm' });
    }
  },
};
