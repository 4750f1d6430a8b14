import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { hostileImages } from '../testing/fixtures/hostileUploads.ts';
import {
  animatedPng,
  animatedWebp,
  exifWith,
  insertSegment,
  jpeg,
  jpegSegment,
  jpegWith,
  jpegWithExif,
  png,
  pngChunk,
  pngFrame,
  pngHeader,
  pngOfSize,
  pngWith,
  pngWithChunks,
  webp,
  webpCanvas,
  webpChunk,
  webpFrame,
  webpOf,
  webpPicture,
  webpWith,
} from '../testing/fixtures/images.ts';
import { mostProfileBytes } from './limits.ts';
import { cleanImage, hasTooManyPixels } from './picture.ts';

const marker = Buffer.from('30.0444N 31.2357E in Cairo');
const formats = { jpeg, png, webp };

const alpha = webpChunk('ALPH', Buffer.alloc(7));
const canvas = webpCanvas(3, 2);
/** A lossless picture of three by two pixels. Only its header is valid. */
const lossless = webpChunk('VP8L', Buffer.from([0x2f, 0x02, 0x40, 0, 0]));

test.each([
  ['JPEG', jpeg, 'image/jpeg', 'jpg'],
  ['PNG', png, 'image/png', 'png'],
  ['WebP', webp, 'image/webp', 'webp'],
  ['WebP without a canvas', webpOf(webpPicture), 'image/webp', 'webp'],
  ['lossless WebP', webpOf(canvas, lossless), 'image/webp', 'webp'],
  ['WebP with transparency', webpOf(webpCanvas(3, 2, 0x10), alpha, webpPicture), 'image/webp', 'webp'],
  [
    'animated WebP',
    animatedWebp(webpFrame(webpPicture), webpFrame(Buffer.concat([alpha, webpPicture]))),
    'image/webp',
    'webp',
  ],
  ['animated PNG', animatedPng([3, 2], [3, 2]), 'image/png', 'png'],
  ['PNG with a profile', pngWith('iCCP', makeProfile(3_000)), 'image/png', 'png'],
])('a %s without metadata is not changed', (_, file, contentType, extension) => {
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
  ['an unknown segment of a JPEG', insertSegment(0xf0, marker)],
  ['the comment of a JPEG', insertSegment(0xfe, marker)],
  ['the bytes after the end of a JPEG, such as a motion photo', Buffer.concat([jpeg, marker])],
  ['Exif of a PNG', pngWith('eXIf', marker)],
  ['text of a PNG', pngWith('tEXt', marker)],
  ['a frame of a PNG that is not animated', pngWith('fdAT', marker)],
  ['the bytes after the end of a PNG', Buffer.concat([png, marker])],
  ['Exif of a WebP', webpWith('EXIF', marker)],
  ['Exif in a frame of a WebP', webpWith('ANMF', Buffer.concat([Buffer.alloc(16), webpChunk('EXIF', marker)]))],
  [
    'Exif in a frame of an animated WebP',
    animatedWebp(webpFrame(Buffer.concat([webpPicture, webpChunk('EXIF', marker)]))),
  ],
  ['XMP of a WebP', webpWith('XMP ', marker)],
  ['the bytes after the end of a WebP', Buffer.concat([webp, marker])],
])('%s is removed', (_, file) => {
  expect(file.includes(marker)).toBe(true);
  const image = cleanImage(file);
  expect(image?.bytes.includes(marker)).toBe(false);
  expect(cleanImage(image?.bytes ?? Buffer.alloc(0))?.bytes.equals(image?.bytes ?? Buffer.alloc(0))).toBe(true);
});

test.each([
  ['JPEG', jpegWithExif(marker.toString(), 6)],
  ['PNG', pngWith('eXIf', exifWith(marker.toString(), 6))],
  ['WebP', webpWith('EXIF', exifWith(marker.toString(), 6))],
  [
    'WebP whose Exif begins like that of a JPEG',
    webpWith('EXIF', Buffer.concat([Buffer.from('Exif\0\0'), exifWith('', 6)])),
  ],
])('only the orientation in the Exif of a %s is kept, so that photos of phones stay upright', (_, file) => {
  const { bytes } = cleanImage(file) ?? {};
  const orientation = Buffer.from([0x01, 0x12, 0x00, 0x03, 0, 0, 0, 1, 0x00, 0x06]);
  expect(bytes?.includes(orientation)).toBe(true);
  expect(bytes?.includes(marker)).toBe(false);
  expect(cleanImage(bytes ?? Buffer.alloc(0))?.bytes).toEqual(bytes);
});

test.each([
  ['JPEG', jpegWithExif('', 9), jpeg],
  ['PNG', pngWith('eXIf', exifWith('', 0)), png],
  ['WebP', webpWith('EXIF', exifWith('', 9)), webp],
])('an invalid orientation of a %s is removed', (_, file, expected) => {
  expect(cleanImage(file)?.bytes).toEqual(Buffer.from(expected));
});

test('the first of several orientations is kept, because decoders use the first', () => {
  const [first = 0, second = 0] = [6, 8];
  const inJpeg = jpegWith(...[first, second].map((one) => jpegWithExif('', one).subarray(2, -jpeg.length + 2)));
  const inPng = pngWithChunks(...[first, second].map((one) => pngChunk('eXIf', exifWith('', one))));
  const inWebp = webpOf(webp.subarray(12), ...[first, second].map((one) => webpChunk('EXIF', exifWith('', one))));
  for (const [several, one] of [
    [inJpeg, jpegWithExif('', first)],
    [inPng, pngWith('eXIf', exifWith('', first))],
    [inWebp, webpWith('EXIF', exifWith('', first))],
  ] as const)
    expect(cleanImage(several)?.bytes).toEqual(cleanImage(one)?.bytes);
});

function makeExif(order: 'II' | 'MM', type: 3 | 4, orientation: number): Buffer {
  const isLittle = order === 'II';
  const uint16 = (value: number) => Buffer.from(isLittle ? [value, value >> 8] : [value >> 8, value]);
  const uint32 = (value: number) => Buffer.concat(isLittle ? [uint16(value), uint16(0)] : [uint16(0), uint16(value)]);
  const value = type === 3 ? Buffer.concat([uint16(orientation), uint16(0)]) : uint32(orientation);
  const entry = Buffer.concat([uint16(0x0112), uint16(type), uint32(1), value]);
  return Buffer.concat([Buffer.from(order), uint16(42), uint32(8), uint16(1), entry, uint32(0)]);
}

test.each([
  ['II', 3],
  ['MM', 3],
  ['II', 4],
  ['MM', 4],
] as const)(
  'every orientation in Exif of byte order %s and type %d is kept, and so is the color profile',
  (order, type) => {
    const webpProfile = webpChunk('ICCP', Buffer.alloc(100, 'p'));
    for (let orientation = 1; orientation <= 8; orientation++) {
      const exif = makeExif(order, type, orientation);
      const kept = Buffer.from([0x01, 0x12, 0x00, 0x03, 0, 0, 0, 1, 0x00, orientation]);
      const files = [
        jpegWith(jpegSegment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), exif]))),
        pngWithChunks(pngChunk('iCCP', makeProfile(100)), pngChunk('eXIf', exif)),
        webpOf(webpCanvas(3, 2, 0x28), webpProfile, webpPicture, webpChunk('EXIF', exif)),
      ];
      const profiles = ['ICC_PROFILE\0', 'iCCPprofile\0', 'ICCP'];
      for (const [index, file] of files.entries()) {
        const { bytes } = cleanImage(file) ?? {};
        expect(bytes?.includes(kept)).toBe(true);
        expect(bytes?.includes(profiles[index] ?? '')).toBe(true);
      }
    }
  },
);

test('the color profile of a PNG is kept without its name and trailing bytes', () => {
  const [name, long] = ['30.0444N 31.2357E', makeProfile(3_000).subarray('profile'.length)];
  const file = pngWith('iCCP', Buffer.concat([Buffer.from(name), long, marker]));
  expect(cleanImage(file)?.bytes).toEqual(pngWith('iCCP', makeProfile(3_000)));
  const short = pngWith('iCCP', Buffer.concat([Buffer.from('30'), long]));
  expect(cleanImage(short)?.bytes).toEqual(pngWith('iCCP', Buffer.concat([Buffer.from('pr'), long])));
});

test('the color chunks of a PNG are kept', () => {
  const sizes = { cICP: 4, mDCV: 24, cLLI: 8, sRGB: 1, gAMA: 4, cHRM: 32 };
  const file = pngWithChunks(...Object.entries(sizes).map(([type, bytes]) => pngChunk(type, Buffer.alloc(bytes, 1))));
  expect(cleanImage(file)?.bytes).toEqual(file);
});

test('all segments of a JPEG color profile are kept in order', () => {
  const plain = jpegWithoutProfile();
  const segment = (part: number) => jpegSegment(0xe2, Buffer.from(`ICC_PROFILE\0${String.fromCharCode(part, 3)}part`));
  const file = Buffer.concat([plain.subarray(0, 2), segment(2), segment(3), segment(1), plain.subarray(2)]);
  expect(cleanImage(file)?.bytes).toEqual(file);
});

function jpegWithoutProfile(): Buffer {
  const start = jpeg.indexOf('ICC_PROFILE') - 4;
  return Buffer.concat([jpeg.subarray(0, start), jpeg.subarray(start + 2 + jpeg.readUInt16BE(start + 2))]);
}

test('the canvas flags of a WebP match its Exif and its color profile', () => {
  const flagsOf = (file: Buffer) => cleanImage(file)?.bytes.readUInt8(20);
  const profile = webpChunk('ICCP', Buffer.alloc(100));
  const exif = webpChunk('EXIF', exifWith('', 6));
  expect(flagsOf(webpOf(webpCanvas(3, 2, 0x2c), webpPicture))).toBe(0);
  expect(flagsOf(webpOf(webpCanvas(3, 2, 0), profile, webpPicture))).toBe(0x20);
  expect(flagsOf(webpOf(webpCanvas(3, 2, 0), webpPicture, exif))).toBe(0x08);
  expect(flagsOf(webpOf(webpCanvas(3, 2, 0xff), profile, webpPicture, exif))).toBeUndefined();
  expect(flagsOf(webpOf(webpCanvas(3, 2, 0xfd), profile, webpPicture, exif))).toBe(0x38);
});

/** Returns a PNG's profile content that inflates to this many bytes. */
function makeProfile(bytes: number): Buffer {
  return Buffer.concat([Buffer.from('profile\0\0'), deflateSync(Buffer.alloc(bytes))]);
}

const jpegProfile = (bytes: number) =>
  jpegWith(
    ...Array.from({ length: Math.ceil(bytes / 60_000) }, (_, index) =>
      jpegSegment(0xe2, Buffer.alloc(60_000, `ICC_PROFILE\0${String.fromCharCode(index + 1, 20)}`)),
    ),
  );

test.each([
  ['JPEG', jpegProfile(mostProfileBytes - 100_000), jpegProfile(mostProfileBytes)],
  ['PNG', pngWith('iCCP', makeProfile(mostProfileBytes)), pngWith('iCCP', makeProfile(mostProfileBytes + 1))],
  [
    'WebP',
    webpOf(canvas, webpChunk('ICCP', Buffer.alloc(mostProfileBytes)), webpPicture),
    webpOf(canvas, webpChunk('ICCP', Buffer.alloc(mostProfileBytes + 1)), webpPicture),
  ],
])('a %s keeps a color profile of up to 1 MB, and loses a larger one completely', (_, small, large) => {
  expect(cleanImage(small)?.bytes.length).toBe(small.length);
  expect(cleanImage(large)?.bytes.length).toBeLessThan(1_000);
});

test.each([
  ['is not compressed', Buffer.from('profile\0\0plain')],
  ['has no name', Buffer.concat([Buffer.from('\0\0'), deflateSync(Buffer.alloc(9))])],
  ['has a megabyte after it', Buffer.concat([makeProfile(9), Buffer.alloc(mostProfileBytes)])],
  ['has an unknown compression method', Buffer.concat([Buffer.from('x\0\x01'), deflateSync(Buffer.alloc(9))])],
])('a color profile of a PNG that %s is removed', (_, content) => {
  expect(cleanImage(pngWith('iCCP', content))?.bytes).toEqual(Buffer.from(png));
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a script that is called an image', Buffer.from('<script>alert(1)</script>')],
  ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>')],
  ['a GIF', Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1')],
  ['a decompression bomb', pngOfSize(50_000, 50_000)],
  ['a JPEG with a second frame', jpegWith(frameOf(jpeg))],
  ['a JPEG with two starts', jpegWith(jpegSegment(0xd8, Buffer.alloc(0)))],
  ['a JPEG with a restart outside its scan', jpegWith(jpegSegment(0xd0, Buffer.alloc(0)))],
  ['a JPEG with a scan before its frame', jpegWith(scanOf(jpeg))],
  ['a JPEG with a scan without a length', withoutScanLength()],
  ['a PNG with a second header', pngWithChunks(pngHeader(3, 2))],
  ['a PNG whose header is not first', Buffer.concat([png.subarray(0, 8), pngChunk('tEXt', marker), png.subarray(8)])],
  ['a PNG without a header', Buffer.concat([png.subarray(0, 8), png.subarray(33)])],
  ['a PNG with a long header', Buffer.concat([png.subarray(0, 8), longHeader(), png.subarray(33)])],
  ['a PNG with a short header', Buffer.concat([png.subarray(0, 8), shortHeader(), png.subarray(33)])],
  ['a PNG with text in its gamma', pngWith('gAMA', marker)],
  ['a PNG with text in its end chunk', Buffer.concat([png.subarray(0, -12), pngChunk('IEND', marker)])],
  ['a PNG with a frame wider than itself', animatedPng([3, 2], [4, 2])],
  ['a PNG with a frame higher than itself', animatedPng([3, 2], [3, 3])],
  ['a PNG with an empty frame', animatedPng([3, 2], [0, 2])],
  ['a PNG with a frame of 60,000 by 60,000 pixels', animatedPng([3, 2], [60_000, 60_000])],
  ['a WebP with a second picture', webpOf(canvas, webpPicture, webpPicture)],
  ['a WebP with two pictures and no canvas', webpOf(webpPicture, webpPicture)],
  ['a WebP with a lossy and a lossless picture', webpOf(canvas, lossless, webpPicture)],
  ['a WebP with a second canvas', webpOf(canvas, canvas, webpPicture)],
  ['a WebP whose canvas is not first', webpOf(webpPicture, canvas)],
  ['a WebP whose canvas has another chunk type', webpOf(webpChunk('abcd', canvas.subarray(8)), webpPicture)],
  ['a WebP whose canvas is larger than its picture', webpOf(webpCanvas(4, 2), webpPicture)],
  ['a WebP whose canvas is smaller than its picture', webpOf(webpCanvas(3, 1), webpPicture)],
  ['a WebP with text in its canvas', webpOf(longCanvas(), webpPicture)],
  ['a WebP with transparency after its picture', webpOf(canvas, webpPicture, alpha)],
  ['a WebP with two transparency chunks', webpOf(canvas, alpha, alpha, webpPicture)],
  ['a WebP with two kinds of transparency', webpOf(canvas, alpha, lossless)],
  ['a WebP with transparency and no canvas', webpOf(webpPicture, alpha)],
  ['a WebP with transparency and no picture', webpOf(canvas, alpha)],
  ['a WebP with a frame in a frame', animatedWebp(webpFrame(webpFrame(webpPicture)))],
  [
    'a WebP with a frame next to the picture of a frame',
    animatedWebp(webpFrame(Buffer.concat([webpPicture, webpFrame(webpPicture)]))),
  ],
  ['a WebP with a canvas in a frame', animatedWebp(webpFrame(Buffer.concat([canvas, webpPicture])))],
  ['a WebP with two pictures in a frame', animatedWebp(webpFrame(Buffer.concat([webpPicture, webpPicture])))],
  ['a WebP with an empty frame', animatedWebp(webpFrame(Buffer.alloc(0)))],
  ['a WebP with a frame larger than its canvas', animatedWebp(webpFrame(webpPicture, 4, 2))],
  ['a WebP with a frame outside its canvas', animatedWebp(movedFrame())],
  [
    'a WebP with a frame larger than its picture',
    webpOf(webpCanvas(9, 9, 2), webpChunk('ANIM', Buffer.alloc(6)), webpFrame(webpPicture, 9, 9)),
  ],
  ['a WebP with a frame smaller than its picture', animatedWebp(webpFrame(webpPicture, 2, 2))],
  ['a WebP with a picture between frames', animatedWebp(webpFrame(webpPicture), webpPicture)],
  [
    'a WebP with text in its animation',
    webpOf(webpCanvas(3, 2, 0x02), webpChunk('ANIM', marker), webpFrame(webpPicture)),
  ],
  ['an animated WebP without frames', animatedWebp()],
  [
    'a WebP with frames before its animation chunk',
    webpOf(webpCanvas(3, 2, 2), webpFrame(webpPicture), webpChunk('ANIM', Buffer.alloc(6))),
  ],
  [
    'a WebP with a length beyond its end',
    Buffer.concat([Buffer.from('RIFF\xff\xff\xff\x7f', 'latin1'), webp.subarray(8)]),
  ],
  [
    'a WebP with a chunk length beyond its end',
    webpOf(canvas, webpPicture, Buffer.from('XMP \xff\xff\xff\xff', 'latin1')),
  ],
  ['a WebP with a length before its end', Buffer.concat([Buffer.from('RIFF\x20\0\0\0', 'latin1'), webp.subarray(8)])],
  ['a WebP without a picture', Buffer.concat([Buffer.from('RIFF\x16\0\0\0WEBP', 'latin1'), webp.subarray(12, 30)])],
  ['a PNG with an empty area', pngOfSize(0, 5)],
  ['a PNG with a wrong checksum', Buffer.concat([png.subarray(0, 20), Buffer.from([9]), png.subarray(21)])],
])('%s is rejected', (_, file) => {
  expect(cleanImage(file)).toBeUndefined();
});

test.each(Object.entries(formats))('a %s that is truncated at any byte is rejected', (_, file) => {
  for (let length = 0; length < file.length; length++) expect(cleanImage(file.subarray(0, length))).toBeUndefined();
});

function jpegOfSize(width: number, height: number): Buffer {
  const file = Buffer.from(jpeg);
  const frame = file.lastIndexOf(Buffer.from([0xff, 0xc0]));
  file.writeUInt16BE(height, frame + 5);
  file.writeUInt16BE(width, frame + 7);
  return file;
}

/** Returns a lossless WebP picture whose header claims this size. */
function losslessOfSize(width: number, height: number): Buffer {
  const content = Buffer.alloc(5);
  content.writeUInt8(0x2f, 0);
  content.writeUInt32LE((width - 1) | ((height - 1) << 14), 1);
  return webpChunk('VP8L', content);
}

function frameOf(file: Buffer): Buffer {
  const start = file.lastIndexOf(Buffer.from([0xff, 0xc0]));
  return file.subarray(start, start + 2 + file.readUInt16BE(start + 2));
}

function scanOf(file: Buffer): Buffer {
  return file.subarray(file.lastIndexOf(Buffer.from([0xff, 0xda])), -2);
}

function withoutScanLength(): Buffer {
  const file = Buffer.from(jpeg);
  file.writeUInt16BE(0, file.lastIndexOf(Buffer.from([0xff, 0xda])) + 2);
  return file;
}

function shortHeader(): Buffer {
  return pngChunk('IHDR', png.subarray(16, 28));
}

function longHeader(): Buffer {
  return pngChunk('IHDR', Buffer.concat([png.subarray(16, 29), marker]));
}

function longCanvas(): Buffer {
  return webpChunk('VP8X', Buffer.concat([canvas.subarray(8), marker]));
}

/** Returns a frame that begins two pixels to the right. */
function movedFrame(): Buffer {
  const frame = webpFrame(webpPicture);
  frame.writeUInt8(1, 8);
  return frame;
}

/**
 * These hostile files are accepted. All others have more or deeper parts than a picture can need.
 */
const harmless = [
  'a JPEG of fill bytes',
  'a JPEG of stuffed bytes',
  'a JPEG of restarts',
  'a PNG whose profile inflates to 20 MB',
  'a PNG whose Exif has 65,535 entries',
  'a WebP whose Exif has 65,535 entries',
];

test.each(Object.entries(hostileImages))('%s is rejected unless it is harmless', (name, make) => {
  expect(cleanImage(make()) !== undefined).toBe(harmless.includes(name));
});

const empty = Buffer.alloc(0);
test.each([
  ['JPEG', jpegSegment(0xfe, empty), (parts: Buffer) => jpegWith(parts)],
  ['PNG', pngChunk('tEXt', empty), (parts: Buffer) => pngWithChunks(parts)],
  ['WebP', webpChunk('XMP ', empty), (parts: Buffer) => webpOf(canvas, webpPicture, parts)],
  [
    'frame of a WebP',
    webpChunk('XMP ', empty),
    (parts: Buffer) => animatedWebp(webpFrame(Buffer.concat([webpPicture, parts]))),
  ],
])('a %s may have almost 10,000 parts', (_, part, make) => {
  const repeat = (times: number) => make(Buffer.alloc(times * part.length, part));
  expect(cleanImage(repeat(9_900))).toBeDefined();
  expect(cleanImage(repeat(10_000))).toBeUndefined();
});

test('the parts limit of a WebP applies to all its frames together', () => {
  const frame = webpFrame(webpPicture);
  const repeat = (times: number) => animatedWebp(Buffer.alloc(times * frame.length, frame));
  expect(cleanImage(repeat(4_900))).toBeDefined();
  expect(cleanImage(repeat(5_000))).toBeUndefined();
});

test('a JPEG may have 100 scans', () => {
  const scan = scanOf(jpeg);
  const repeat = (times: number) =>
    Buffer.concat([jpeg.subarray(0, -2), Buffer.alloc(times * scan.length, scan), jpeg.subarray(-2)]);
  expect(cleanImage(repeat(99))).toBeDefined();
  expect(cleanImage(repeat(100))).toBeUndefined();
});

test('the frames of an animation may have 1,000 megapixels in total', () => {
  const size = [10_000, 5_000] as const;
  const chunks = (frames: number) => Array.from({ length: frames }, () => pngFrame(...size));
  const animation = (frames: number) =>
    Buffer.concat([
      png.subarray(0, 8),
      pngHeader(...size),
      pngChunk('acTL', Buffer.alloc(8)),
      ...chunks(frames),
      png.subarray(33),
    ]);
  expect(cleanImage(animation(20))).toBeDefined();
  expect(cleanImage(animation(21))).toBeUndefined();
});

test('an image with too many pixels has its own error', () => {
  const files = {
    picture: png,
    largestPng: pngOfSize(10_000, 5_000),
    tooLargePng: pngOfSize(10_000, 5_001),
    largestJpeg: jpegOfSize(10_000, 5_000),
    tooLargeJpeg: jpegOfSize(8_688, 5_792),
    largestWebp: webpOf(losslessOfSize(10_000, 5_000)),
    tooLargeWebp: webpOf(losslessOfSize(10_000, 5_001)),
    text: marker,
  };
  const found = Object.entries(files).filter(([, file]) => hasTooManyPixels(file));
  expect(found.map(([name]) => name)).toEqual(['tooLargePng', 'tooLargeJpeg', 'tooLargeWebp']);
});

/** Files that make the parser read more than the plain ones do. */
const described = [
  jpegWithExif('Cairo', 6),
  pngWithChunks(pngChunk('eXIf', exifWith('Cairo', 6)), pngChunk('iCCP', makeProfile(100))),
  animatedPng([3, 2], [3, 2]),
  webpOf(webpCanvas(3, 2, 0x18), alpha, webpPicture, webpChunk('EXIF', exifWith('Cairo', 6))),
  animatedWebp(webpFrame(webpPicture), webpFrame(lossless)),
];

test('no damaged image makes cleanImage throw or return a larger file', () => {
  const damage = fc.array(fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(formats), ...described), damage, (format, changes) => {
      const file = Buffer.from(format);
      for (const { at, byte } of changes) file.writeUInt8(byte, at % file.length);
      expect(cleanImage(file)?.bytes.length ?? 0).toBeLessThanOrEqual(file.length);
    }),
    { numRuns: 2_000 },
  );
});
