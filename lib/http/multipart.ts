import { isUtf8 } from 'node:buffer';
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
        const boundary = readBoundary(contentType);
        const form = new Busboy({
          headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
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
          if (hasBrokenPart(bytes, boundary)) rejectWith(brokenForm)();
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

/**
 * Reads the boundary by the grammar of RFC 2046. Busboy gets the result instead of the header, so
 * both look for the same delimiter.
 * @see https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
 */
function readBoundary(contentType: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain ?? '';
  if (!/^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(boundary)) throw new Error('The form has no valid boundary.');
  return boundary;
}

/**
 * Busboy skips a part that it cannot read, and replaces bytes that are not UTF-8. The client would
 * not learn of either.
 */
function hasBrokenPart(bytes: Buffer, boundary: string): boolean {
  const delimiter = `--${boundary}`;
  const findDelimiter = (from: number) => {
    const at = bytes.indexOf(`\r\n${delimiter}`, from, 'latin1');
    return at < 0 ? bytes.length : at + 2;
  };
  let at = bytes.toString('latin1', 0, delimiter.length) === delimiter ? 0 : findDelimiter(0);
  // Each turn begins behind the part before, so the bytes are searched once.
  for (;;) {
    const start = at + delimiter.length + 2;
    const ending = bytes.toString('latin1', start - 2, start);
    if (ending === '--') return false;
    const end = bytes.indexOf('\r\n\r\n', start - 2);
    if (ending !== '\r\n' || end < start || end - start > sliceBytes) return true;
    const next = findDelimiter(start - 2);
    if (next < end + 4) return true;
    const header = bytes.toString('latin1', start, end);
    if (isBrokenHeader(header)) return true;
    if (isUtf8Field(header) && !isUtf8(bytes.subarray(end + 4, next - 2))) return true;
    at = next;
  }
}

function isBrokenHeader(header: string): boolean {
  const lines = header.split('\r\n');
  const isRead = lines.every((line) => /^(?:[\w!#$%&'*+.^`|~-]+:|[ \t])/.test(line));
  return !isRead || !lines.some((line) => /^content-disposition:\s*form-data\b/i.test(line));
}

/** Returns whether Busboy decodes the part as UTF-8, unlike files and fields with a charset. */
function isUtf8Field(header: string): boolean {
  const isFile = /;\s*filename\*?=|^content-type:\s*application\/octet-stream/im.test(header);
  return !isFile && !/^content-type:.*;\s*charset="?(?!utf-?8\b)/im.test(header);
}
