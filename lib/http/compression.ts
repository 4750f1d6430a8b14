import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const codings = {
  br: (bytes: Buffer) => brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes, { level: 9 }),
};
const brotli = promisify(brotliCompress);
type Coding = keyof typeof codings;

/**
 * Returns the client's preferred coding, or undefined if it accepts none of ours.
 * @see RFC 9110, 12.5.3
 */
export function chooseCoding(acceptEncoding = ''): Coding | undefined {
  const weights = new Map(
    acceptEncoding.split(',').map((part) => {
      const [name = '', ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return [name, weight === undefined ? 1 : Number(weight)];
    }),
  );
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get('*') ?? 0;
  return (Object.keys(codings) as Coding[])
    .filter((coding) => weightOf(coding) > 0)
    .toSorted((a, b) => weightOf(b) - weightOf(a))[0];
}

const mostKept = 16;
const kept = new Map<string, Promise<string>>();

/** Compresses to base64, once for each ETag, because compression takes up to a second. */
export function compress(text: string, coding: Coding, etag: string): Promise<string> {
  const cached = kept.get(etag);
  if (cached) return cached;
  if (kept.size >= mostKept) kept.clear();
  const compressed = codings[coding](Buffer.from(text)).then((bytes) => bytes.toString('base64'));
  kept.set(etag, compressed);
  return compressed;
}
