import { config } from '../config.ts';
import type { BodyReader } from './contract.ts';
import { formValues } from './formValues.ts';

/** Forms without files. A field that comes several times becomes a list, which no schema of one takes. */
export const urlencoded: BodyReader = {
  mediaType: 'application/x-www-form-urlencoded',
  maxBytes: () => config.maxJsonBodyBytes,
  read: (bytes) => formValues(new URLSearchParams(bytes.toString())),
};
