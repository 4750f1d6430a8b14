import { hostileForms } from '../testing/hostileUploads.ts';
import { multipart } from './multipart.ts';

test.each(['a form of empty parts', 'a form of parts without headers', 'a form of fields'])(
  'of %s only the first 16 KB are read',
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

test('a field behind more than 50 headers is not read', async () => {
  const part = (headers: number) =>
    `--x\r\n${'a: b\r\n'.repeat(headers)}Content-Disposition: form-data; name="full_name"\r\n\r\nMona\r\n--x--\r\n`;
  const read = (headers: number) => multipart.read(Buffer.from(part(headers)), 'multipart/form-data; boundary=x');
  expect([await read(49), await read(50)]).toEqual([{ full_name: 'Mona' }, {}]);
});

test('a field and a file arrive whole from any place in a form', async () => {
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

/** Bytes, and from where to where slices were taken of them. */
function recordSlices(body: Buffer): { bytes: Buffer; slices: unknown[] } {
  const slices: unknown[] = [];
  const subarray = (start?: number, end?: number) => {
    slices.push([start, end]);
    return Buffer.prototype.subarray.call(body, start, end);
  };
  return { bytes: Object.assign(Buffer.from(body), { subarray }), slices };
}
