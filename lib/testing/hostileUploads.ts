import { deflateSync } from 'node:zlib';
import {
  animatedWebp,
  jpeg,
  jpegSegment,
  jpegWith,
  pngChunk,
  pngWith,
  pngWithChunks,
  webp,
  webpChunk,
  webpFrame,
  webpOf,
  webpPicture,
} from './images.ts';

const uploadBytes = 4_000_000;

const scanStart = jpeg.lastIndexOf(Buffer.from([0xff, 0xda]));

/** Files of 4 MB that are expensive to walk. */
export const hostileImages: Record<string, () => Buffer> = {
  'a JPEG of empty segments': () => jpegWith(repeat(jpegSegment(0xfe, Buffer.alloc(0)))),
  'a JPEG of Exif segments': () =>
    jpegWith(repeat(jpegSegment(0xe1, Buffer.from('Exif\0\0MM\0*\0\0\0\x08\xff\xff', 'latin1')))),
  'a JPEG of scans': () => withoutEnd(repeat(jpeg.subarray(scanStart, -2))),
  'a JPEG of fill bytes': () => jpegWith(repeat(Buffer.from([0xff]))),
  'a JPEG of stuffed bytes': () => withoutEnd(repeat(Buffer.from([0xff, 0]))),
  'a JPEG of restarts': () => withoutEnd(repeat(Buffer.from([0xff, 0xd0]))),
  'a JPEG of profiles': () => jpegWith(repeat(jpegSegment(0xe2, Buffer.from('ICC_PROFILE\0\x01\x01')))),
  'a PNG of empty chunks': () => pngWithChunks(repeat(pngChunk('tEXt', Buffer.alloc(0)))),
  'a PNG of empty data': () => pngWithChunks(repeat(pngChunk('IDAT', Buffer.alloc(0)))),
  'a PNG of profiles': () => pngWithChunks(repeat(pngChunk('iCCP', Buffer.from('x\0\0x')))),
  'a PNG whose profile inflates to 20 MB': () => pngWith('iCCP', largeProfile()),
  'a PNG whose Exif has 65,535 entries': () => pngWith('eXIf', largeDirectory()),
  'a WebP of empty chunks': () => webpOf(webp.subarray(12), repeat(webpChunk('XMP ', Buffer.alloc(0)))),
  'a WebP of frames': () => animatedWebp(repeat(webpFrame(webpPicture))),
  'a WebP of 400 nested frames': () => animatedWebp(nestFrames(400)),
  'a WebP of empty chunks in a frame': () =>
    animatedWebp(webpFrame(Buffer.concat([webpPicture, repeat(webpChunk('XMP ', Buffer.alloc(0)))]))),
  'a WebP whose Exif has 65,535 entries': () => webpOf(webp.subarray(12), webpChunk('EXIF', largeDirectory())),
  'a file of zeros': () => Buffer.alloc(uploadBytes),
};

/** Forms of 4 MB that are expensive to parse. The default boundary is `x`. */
export const hostileForms: Record<string, () => { body: Buffer; boundary?: string }> = {
  'a form of empty parts': () => ({ body: repeat(Buffer.from('--x\r\n')) }),
  'a form of parts without headers': () => ({ body: repeat(Buffer.from('\r\n--xx')) }),
  'a form of fields': () => ({ body: repeat(Buffer.from(`--x\r\n${field}\r\n\r\n`)) }),
  'a form of headers': () => ({ body: repeat(Buffer.from(`--x\r\n${field}${'a:\r\n'.repeat(18_000)}\r\n\r\n`)) }),
  'a form of folded headers': () => ({
    body: repeat(Buffer.from(`--x\r\n${field}${' b\r\n'.repeat(18_000)}\r\n\r\n`)),
  }),
  'a form of parameters': () => ({
    body: repeat(Buffer.from(`--x\r\nContent-Disposition: form-data;${'name=a;'.repeat(10_000)}\r\n\r\n\r\n`)),
  }),
  'a form that almost has its boundary': () => ({
    body: repeat(Buffer.from(`\r\n--${'a'.repeat(69)}b`)),
    boundary: 'a'.repeat(70),
  }),
  'a form whose boundary can be read in two ways': () => ({
    body: formOf('x:"y', repeat(Buffer.from(`\r\n${'--x:\\\r\n'.repeat(2_000)}${field}`))),
    boundary: '"x:\\"y"',
  }),
  'a form of line ends': () => ({ body: repeat(Buffer.from('\r\n')) }),
};

/** The same with a part that is read: only the text behind the last delimiter is costly. */
export const formWithHostileEpilogue = () =>
  Buffer.concat([formOf('x:', Buffer.from('Mona')), repeat(Buffer.from(`\r\n${'--x:\r\n'.repeat(2_000)}${field}`))]);

const field = 'Content-Disposition: form-data; name="full_name"\r\n';

function formOf(boundary: string, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`--${boundary}\r\n${field}\r\n`), content, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

function repeat(part: Buffer): Buffer {
  return Buffer.alloc(uploadBytes - (uploadBytes % part.length), part);
}

function withoutEnd(data: Buffer): Buffer {
  return Buffer.concat([jpeg.subarray(0, -2), data, jpeg.subarray(-2)]);
}

function nestFrames(depth: number): Buffer {
  const levelBytes = 24;
  const file = Buffer.alloc(uploadBytes);
  for (let at = 0; at < depth * levelBytes; at += levelBytes) {
    webpFrame(Buffer.alloc(0)).copy(file, at);
    file.writeUInt32LE(uploadBytes - at - 8, at + 4);
  }
  return file;
}

/** Returns a profile of zeros, which inflates to a thousand times its size. */
function largeProfile(): Buffer {
  return Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(20_000_000))]);
}

/** Returns an Exif directory with the maximum number of entries and no orientation. */
function largeDirectory(): Buffer {
  const tiff = Buffer.alloc(uploadBytes);
  tiff.write('MM\0*', 0, 'latin1');
  tiff.writeUInt32BE(8, 4);
  tiff.writeUInt16BE(0xffff, 8);
  return tiff;
}
