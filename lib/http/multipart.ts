import httpMultipartBodyParser from '@middy/http-multipart-body-parser';
import { config } from '../config.ts';
import type { BodyReader } from './contract.ts';

/** A file of a form, as the parser hands it over. */
export interface Upload {
  content: Buffer;
}

export function isUpload(value: unknown): value is Upload {
  return typeof value === 'object' && value !== null && 'content' in value && Buffer.isBuffer(value.content);
}

type Form = { event: { headers: Record<string, string>; body: unknown; isBase64Encoded: boolean } };

/** Forms with files, up to the size of an image. A field that comes several times becomes a list, which no schema of one takes. */
export const multipart: BodyReader = {
  mediaType: 'multipart/form-data',
  maxBytes: () => config.maxImageBytes + config.maxJsonBodyBytes,
  async read(bytes, contentType) {
    const limits = { fileSize: config.maxImageBytes, fieldSize: config.maxJsonBodyBytes, files: 5, fields: 50 };
    const { before: parse } = httpMultipartBodyParser({ disableContentTypeCheck: true, busboy: { limits } });
    const event = { headers: { 'content-type': contentType }, body: bytes.toString('base64'), isBase64Encoded: true };
    const form: Form = { event };
    await (parse as (form: Form) => Promise<void>)(form);
    return form.event.body;
  },
};
