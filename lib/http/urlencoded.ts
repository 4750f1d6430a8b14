import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import type { BodyReader } from './contract.ts';
import { readFormFields } from './formFields.ts';

/** Forms without files, in UTF-8. A field that comes several times becomes a list, which no schema of one takes. */
export const urlencoded: BodyReader = {
  mediaType: 'application/x-www-form-urlencoded',
  maxBytes: () => config.maxJsonBodyBytes,
  read(bytes) {
    const text = bytes.toString();
    try {
      decodeURIComponent(text);
    } catch {
      return fail('parseError', { detail: 'brokenForm' });
    }
    return readFormFields(new URLSearchParams(text));
  },
};
