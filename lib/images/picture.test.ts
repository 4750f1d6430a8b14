import fc from 'fast-check';
import { insertSegment, jpeg, jpegWithExif, png, pngOfSize, pngWith, webp, webpWith } from '../testing/images.ts';
import { cleanImage } from './picture.ts';

const marker = Buffer.from('30.0444N 31.2357E in Cairo');
const formats = { jpeg, png, webp };

function chunkOf(type: string, content: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.write(type);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}

test.each([
  ['JPEG', jpeg, 'image/jpeg', 'jpg'],
  ['PNG', png, 'image/png', 'png'],
  ['WebP', webp, 'image/webp', 'webp'],
])('a %s without metadata stays as it is', (_, file, contentType, extension) => {
  const image = cleanImage(file);
  expect(image).toMatchObject({ contentType, extension });
  expect(image?.bytes.equals(file)).toBe(true);
});

test.each([
  ['Exif of a JPEG', jpegWithExif(marker.toString())],
  ['XMP of a JPEG', insertSegment(0xe1, Buffer.concat([Buffer.from('http://ns.adobe.com/xap/1.0/\0'), marker]))],
  ['IPTC of a JPEG', insertSegment(0xed, marker)],
  ['the thumbnail of a JPEG', insertSegment(0xe0, Buffer.concat([Buffer.from('JFXX\0'), marker]))],
  ['the second picture of a JPEG', insertSegment(0xe2, Buffer.concat([Buffer.from('MPF\0'), marker]))],
  ['a long Adobe segment of a JPEG', insertSegment(0xee, Buffer.concat([Buffer.from('Adobe'), marker]))],
  ['a segment of a JPEG that nobody knows', insertSegment(0xf0, marker)],
  ['the comment of a JPEG', insertSegment(0xfe, marker)],
  ['what follows the end of a JPEG, as a motion photo does', Buffer.concat([jpeg, marker])],
  ['Exif of a PNG', pngWith('eXIf', marker)],
  ['text of a PNG', pngWith('tEXt', marker)],
  ['what follows the end of a PNG', Buffer.concat([png, marker])],
  ['Exif of a WebP', webpWith('EXIF', marker)],
  ['Exif in a frame of a WebP', webpWith('ANMF', Buffer.concat([Buffer.alloc(16), chunkOf('EXIF', marker)]))],
  ['XMP of a WebP', webpWith('XMP ', marker)],
  ['what follows the end of a WebP', Buffer.concat([webp, marker])],
])('%s is removed', (_, file) => {
  expect(file.includes(marker)).toBe(true);
  const image = cleanImage(file);
  expect(image?.bytes.includes(marker)).toBe(false);
  expect(cleanImage(image?.bytes ?? Buffer.alloc(0))?.bytes.equals(image?.bytes ?? Buffer.alloc(0))).toBe(true);
});

test('the orientation of a JPEG stays, or phone photos would lie on their side', () => {
  const image = cleanImage(jpegWithExif(marker.toString(), 6));
  const orientation = Buffer.from([0x01, 0x12, 0x00, 0x03, 0, 0, 0, 1, 0x00, 0x06]);
  expect(image?.bytes.includes(orientation)).toBe(true);
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a script that is called an image', Buffer.from('<script>alert(1)</script>')],
  ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')],
  ['a GIF', Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1')],
  ['a decompression bomb', pngOfSize(50_000, 50_000)],
  ['a WebP without a picture', Buffer.concat([Buffer.from('RIFF\x16\0\0\0WEBP', 'latin1'), webp.subarray(12, 30)])],
  ['a PNG without an area', pngOfSize(0, 5)],
  ['a PNG with a wrong checksum', Buffer.concat([png.subarray(0, 20), Buffer.from([9]), png.subarray(21)])],
])('%s is refused', (_, file) => {
  expect(cleanImage(file)).toBeUndefined();
});

test.each(Object.entries(formats))('a %s that is cut off anywhere is refused', (_, file) => {
  for (let length = 0; length < file.length; length++) expect(cleanImage(file.subarray(0, length))).toBeUndefined();
});

test('no file makes it throw or grow', () => {
  const damage = fc.array(fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(formats)), damage, (format, changes) => {
      const file = Buffer.from(format);
      for (const { at, byte } of changes) file.writeUInt8(byte, at % file.length);
      expect(cleanImage(file)?.bytes.length ?? 0).toBeLessThanOrEqual(file.length);
    }),
    { numRuns: 2_000 },
  );
});
