import * as z from 'zod';
import { formWithHostileEpilogue, hostileForms } from '../testing/fixtures/hostileUploads.ts';
import { useWorld } from '../testing/stage/world.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { envelope } from './errorFormats.ts';
import { multipart } from './multipart.ts';
import { urlencoded } from './urlencoded.ts';

const world = useWorld({ seed: [] });

const contract = { summary: 'Read a form.', body: z.object({}), accepts: multipart, returns: { 200: z.object({}) } };
const form = endpoint(contract, () => ({}));
const envelopeForm = endpoint({ ...contract, errorFormat: envelope }, () => ({}));

test.each(['a form of empty parts', 'a form of parts without headers', 'a form of fields'])(
  'only the first 16 KB of %s are read',
  async (name) => {
    const { body } = hostileForms[name]?.() ?? { body: Buffer.alloc(0) };
    const { bytes, slices } = recordSlices(body);
    await expect(multipart.read(bytes, 'multipart/form-data; boundary=x')).rejects.toThrow('payload_too_large');
    expect(slices).toEqual([[0, 16 * 1024]]);
  },
);

test.each(Object.entries(hostileForms))('%s is rejected', async (_, make) => {
  const { body, boundary = 'x' } = make();
  const reading = multipart.read(body, `multipart/form-data; boundary=${boundary}`);
  await expect(reading).rejects.toThrow(/^(payload_too_large|parse_error)$/);
});

test('text after the last delimiter is not parsed, even if it looks like parts', async () => {
  // Four megabytes take 50 ms of processor time, and took a minute when every delimiter was read.
  const fields = await multipart.read(formWithHostileEpilogue(), 'multipart/form-data; boundary="x:"');
  expect(fields).toEqual({ full_name: 'Mona' });
});

test('a field after more than 50 headers is not read', async () => {
  const part = (headers: number) =>
    `--x\r\n${'a: b\r\n'.repeat(headers)}Content-Disposition: form-data; name="full_name"\r\n\r\nMona\r\n--x--\r\n`;
  const read = (headers: number) => multipart.read(Buffer.from(part(headers)), 'multipart/form-data; boundary=x');
  expect([await read(49), await read(50)]).toEqual([{ full_name: 'Mona' }, {}]);
});

test('a field and a file are read completely from any position in a form', async () => {
  const file = Buffer.alloc(50_000, 'file\r\n--');
  for (const before of [0, 16_000, 16_200, 16_300, 16_384]) {
    const form = [
      Buffer.from('--x\r\nContent-Disposition: form-data; name="first"\r\n\r\n'),
      Buffer.alloc(before, 'a'),
      Buffer.from('\r\n--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'),
      file,
      Buffer.from('\r\n--x\r\nContent-Disposition: form-data; name="last"\r\n\r\nz\r\n--x--'),
    ];
    const fields = await multipart.read(Buffer.concat(form), 'multipart/form-data; boundary=x');
    expect(fields).toEqual({ first: 'a'.repeat(before), image: { content: file }, last: 'z' });
  }
});

const part = '--x\r\nContent-Disposition: form-data; name="full_name"\r\n\r\nMona\r\n';
const withBoundary = 'multipart/form-data; boundary=x';
const brokenForms: [name: string, body: string, contentType?: string][] = [
  ['without a boundary', `${part}--x--\r\n`, 'multipart/form-data'],
  ['with an empty boundary', `${part}--x--\r\n`, 'multipart/form-data; boundary='],
  ['with another boundary', `${part}--x--\r\n`, 'multipart/form-data; boundary=y'],
  ['without its last delimiter', part],
  ['with half of its last delimiter', `${part}--x-`],
  ['that ends in a field', part.slice(0, -4)],
  ['that ends in a header', `${part}--x\r\nContent-Dispo`],
  ['with a header without a colon', `${part}--x\r\nContent-Disposition form-data\r\n\r\nx\r\n--x--\r\n`],
  ['with a header that is not text', `${part}--x\r\n\0\x01\r\n\r\nx\r\n--x--\r\n`],
  ['with a header that does not end', `${part}--x\r\nContent-Disposition: form-data; name="a"\r\nx\r\n--x--\r\n`],
  ['with a part without a header', `${part}--x\r\n\r\nx\r\n--x--\r\n`],
  [
    'with a part of another disposition',
    `${part}--x\r\nContent-Disposition: attachment; name="a"\r\n\r\nx\r\n--x--\r\n`,
  ],
  [
    'with a delimiter in a header',
    `--x:\r\nX-Note: a\r\n${part}--x--\r\n`.replaceAll('--x', '--x:'),
    `${withBoundary}:`,
  ],
  ['with text after a delimiter', `${part}${part.replace('--x', '--x ')}--x--\r\n`],
  ['with a boundary that contains a quote', `${part}--x--\r\n`.replaceAll('--x', '--x"y'), `${withBoundary}"y`],
  ['with an escaped boundary', `${part}--x--\r\n`.replaceAll('--x', '--x"y'), 'multipart/form-data; boundary="x\\"y"'],
  ['with a boundary of 71 characters', part.replaceAll('--x', `--${'x'.repeat(71)}`), withBoundary + 'x'.repeat(70)],
  ['with bare line feeds', `${part}--x--\r\n`.replaceAll('\r', '')],
  ['that is JSON', '{"full_name":"Mona"}'],
];

test.each(brokenForms.map(([name, body, contentType = withBoundary]) => [name, body, contentType] as const))(
  'a form %s gets a parse_error in the requested language',
  async (_, body, contentType) => {
    const headers = { 'Content-Type': contentType };
    const send = (handler: Endpoint, language: string) =>
      world.call(handler, { body, headers: { ...headers, 'Accept-Language': language } });
    const failures = await Promise.all([send(form, 'en'), send(form, 'ar')]);
    expect(failures.map(({ status, body }) => ({ status, ...body }))).toEqual(
      ['The body is not a valid form.', 'نص الطلب ليس نموذجًا صحيحًا.'].map((detail) => ({
        status: 400,
        type: 'client_error',
        errors: [{ code: 'parse_error', detail, attr: null }],
      })),
    );
    expect((await send(envelopeForm, 'ar')).body).toEqual({
      code: 400,
      message: 'The body is not a valid form.',
      message_ar: 'نص الطلب ليس نموذجًا صحيحًا.',
      errors: { errorMessage: 'نص الطلب ليس نموذجًا صحيحًا.', errorDetails: [] },
    });
  },
);

const latin1 = (value: string, more = '') =>
  Buffer.from(`${part}--x\r\nContent-Disposition: form-data; name="a"${more}\r\n\r\n${value}\r\n--x--\r\n`, 'latin1');

test.each(['Mon\xe9', '\xc3', '\xed\xa0\x80', '\xc0\xaf'])(
  'a form whose field contains the non-UTF-8 bytes %j gets a parse_error',
  async (value) => {
    await expect(multipart.read(latin1(value), withBoundary)).rejects.toThrow('parse_error');
    const explicit = latin1(value, '\r\nContent-Type: text/plain; charset=utf-8');
    await expect(multipart.read(explicit, withBoundary)).rejects.toThrow('parse_error');
    const encoded = Buffer.from(`full_name=${value}`, 'latin1');
    expect(() => urlencoded.read(encoded, urlencoded.mediaType)).toThrow('parse_error');
  },
);

test('bytes that are not UTF-8 are accepted in a file, and in a field that names its charset', async () => {
  const image = latin1('Mon\xe9', '; filename="a.png"');
  expect(await multipart.read(image, withBoundary)).toEqual({
    full_name: 'Mona',
    a: { content: Buffer.from('Mon\xe9', 'latin1') },
  });
  const field = latin1('Mon\xe9', '\r\nContent-Type: text/plain; charset=ISO-8859-1');
  expect(await multipart.read(field, withBoundary)).toEqual({ full_name: 'Mona', a: 'Mon\xe9' });
});

test('a form with UTF-8 names, folded headers, a preamble and an epilogue is read', async () => {
  const body = `before\r\n--x\r\nContent-Disposition: form-data;\r\n name="full_name"; filename*=UTF-8''x\r\nX-Note: صورة\r\n\r\nMona\r\n--x--\r\nafter`;
  const headers = { 'Content-Type': 'multipart/form-data; charset=utf-8; boundary="x"' };
  expect((await world.call(form, { body, headers })).status).toBe(200);
});

/** Bytes that record the start and the end of each slice. */
function recordSlices(body: Buffer): { bytes: Buffer; slices: unknown[] } {
  const slices: unknown[] = [];
  const subarray = (start?: number, end?: number) => {
    slices.push([start, end]);
    return Buffer.prototype.subarray.call(body, start, end);
  };
  return { bytes: Object.assign(Buffer.from(body), { subarray }), slices };
}
