import { Busboy } from '@fastify/busboy';
import { config } from '../config/config.ts';
import { ApiError } from '../errors.ts';
import type { BodyReader } from './contract.ts';
import { readFormFields } from './formFields.ts';

export class Upload {
  readonly content: Buffer;

  constructor(content: Buffer) {
    this.content = content;
  }
}

/** Slices are small, because Busboy parses the rest of a slice after it reached a limit. */
const sliceBytes = 16 * 1024;

/**
 * Reader for forms with files, up to the size of an image. A repeated field becomes a list, which
 * the schema of a single value rejects. Middy's parser does not fit, because it throws outside of
 * the request for a truncated file or a field without a name.
 */
export const multipart: BodyReader = {
  mediaType: 'multipart/form-data',
  maxBytes: () => config.maxImageBytes + config.maxJsonBodyBytes,
  read(bytes, contentType) {
    const brokenForm = new ApiError('parseError', { detail: 'brokenForm' });
    return new Promise((resolve, reject) => {
      const fields: [string, unknown][] = [];
      const add = (name: string | undefined, value: unknown) => {
        if (name !== undefined) fields.push([name, value]);
      };
      let isRejected = false;
      const rejectWith = (error: ApiError) => () => {
        isRejected = true;
        reject(error);
      };
      try {
        const form = new Busboy({
          headers: { 'content-type': contentType },
          limits: {
            fileSize: config.maxImageBytes,
            fieldSize: config.maxJsonBodyBytes,
            files: 5,
            fields: 50,
            parts: 55,
            headerPairs: 50,
            headerSize: sliceBytes,
          },
          // The buffer holds the whole body, so a slice has been parsed when its write returns.
          highWaterMark: bytes.length + 1,
          fileHwm: bytes.length + 1,
        });
        form.on('field', (name, value) => add(name, value));
        form.on('file', (name, file, fileName) => {
          const chunks: Buffer[] = [];
          file.on('data', (chunk) => chunks.push(chunk));
          file.on('limit', rejectWith(new ApiError('payloadTooLarge')));
          file.on('error', rejectWith(brokenForm));
          file.on('end', () => {
            const content = Buffer.concat(chunks);
            // Browsers send an empty file without a name for a file input without a file.
            if (fileName || content.length > 0) add(name, new Upload(content));
          });
        });
        for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
          form.on(limit, rejectWith(new ApiError('payloadTooLarge')));
        form.on('error', rejectWith(brokenForm));
        form.on('finish', () => {
          if (hasBrokenHeader(bytes, contentType)) rejectWith(brokenForm)();
          else resolve(readFormFields(fields));
        });
        for (let at = 0; at < bytes.length && !isRejected; at += sliceBytes) {
          form.write(bytes.subarray(at, at + sliceBytes));
        }
        if (!isRejected) form.end();
      } catch {
        reject(brokenForm);
      }
    });
  },
};

/** Returns whether a part has a broken header. Busboy would skip such a part silently. */
function hasBrokenHeader(bytes: Buffer, contentType: string): boolean {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const delimiter = `--${quoted ?? plain}\r\n`;
  for (let at = bytes.indexOf(delimiter); at >= 0; at = bytes.indexOf(`\r\n${delimiter}`, at + 1)) {
    const start = bytes.indexOf('\n', at + 2) + 1;
    const end = bytes.indexOf('\r\n\r\n', start - 2);
    if (end < start || end - start > sliceBytes) return true;
    const lines = bytes.toString('latin1', start, end).split('\r\n');
    const isValid = lines.every((line) => /^(?:[\w!#$%&'*+.^`|~-]+:|[ \t])/.test(line));
    if (!isValid || !lines.some((line) => /^content-disposition:\s*form-data\b/i.test(line))) return true;
  }
  return false;
}
