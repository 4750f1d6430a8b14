import { Busboy } from '@fastify/busboy';
import { config } from '../config/config.ts';
import { ApiError } from '../errors.ts';
import type { BodyReader } from './contract.ts';
import { readFormFields } from './formFields.ts';

/** A file of a form. */
export class Upload {
  readonly content: Buffer;

  constructor(content: Buffer) {
    this.content = content;
  }
}

/** Busboy still parses the rest of a slice after it has reached a limit, so slices are small. */
const sliceBytes = 16 * 1024;

/**
 * Forms with files, up to the size of an image. A field that comes several times becomes a list,
 * which no schema of one takes. Not middy's parser: it throws where nobody can catch it when a file
 * is cut off or a field has no name.
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
      let isRefused = false;
      const refuse = (error: ApiError) => () => {
        isRefused = true;
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
          // Room for the whole body, so that a slice has been parsed when its write returns.
          highWaterMark: bytes.length + 1,
          fileHwm: bytes.length + 1,
        });
        form.on('field', (name, value) => add(name, value));
        form.on('file', (name, file, fileName) => {
          const chunks: Buffer[] = [];
          file.on('data', (chunk) => chunks.push(chunk));
          file.on('limit', refuse(new ApiError('payloadTooLarge')));
          file.on('error', refuse(brokenForm));
          file.on('end', () => {
            const content = Buffer.concat(chunks);
            // Browsers send a file input without a file as an empty file without a name.
            if (fileName || content.length > 0) add(name, new Upload(content));
          });
        });
        for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
          form.on(limit, refuse(new ApiError('payloadTooLarge')));
        form.on('error', refuse(brokenForm));
        form.on('finish', () => {
          if (hasBrokenHeader(bytes, contentType)) refuse(brokenForm)();
          else resolve(readFormFields(fields));
        });
        for (let at = 0; at < bytes.length && !isRefused; at += sliceBytes) {
          form.write(bytes.subarray(at, at + sliceBytes));
        }
        if (!isRefused) form.end();
      } catch {
        reject(brokenForm);
      }
    });
  },
};

/** Busboy skips a part that it cannot read, and the client would not learn of it. */
function hasBrokenHeader(bytes: Buffer, contentType: string): boolean {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const delimiter = `--${quoted ?? plain}\r\n`;
  for (let at = bytes.indexOf(delimiter); at >= 0; at = bytes.indexOf(`\r\n${delimiter}`, at + 1)) {
    const start = bytes.indexOf('\n', at + 2) + 1;
    const end = bytes.indexOf('\r\n\r\n', start - 2);
    if (end < start || end - start > sliceBytes) return true;
    const lines = bytes.toString('latin1', start, end).split('\r\n');
    const isRead = lines.every((line) => /^(?:[\w!#$%&'*+.^`|~-]+:|[ \t])/.test(line));
    if (!isRead || !lines.some((line) => /^content-disposition:\s*form-data\b/i.test(line))) return true;
  }
  return false;
}
