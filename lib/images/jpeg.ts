import { bounded } from './bounded.ts';
import type { Picture } from './picture.ts';

const startOfImage = 0xd8;
const endOfImage = 0xd9;
const startOfScan = 0xda;
const app0 = 0xe0;
const app1 = 0xe1;

/** Of the segments that applications add, those a picture needs to look right: by marker, how their content begins. */
const keptApplicationSegments: Record<number, string> = { 226: 'ICC_PROFILE\0', 238: 'Adobe' };

/** The length of Adobe's segment and of JFIF's without a thumbnail; more would be something else. */
const adobeBytes = 16;
const jfifBytes = 18;

/** Tables, frame, scans, restarts and line counts: what a decoder reads. */
const codingMarkers = [0xc4, 0xcc, 0xda, 0xdb, 0xdc, 0xdd];

/**
 * Reads a JPEG marker by marker and leaves out what describes rather than draws: Exif with its location, XMP, comments,
 * thumbnails, and whatever is behind the end. Only the orientation stays, or phone photos would lie on their side.
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf annex B
 */
export function readJpeg(file: Buffer): Picture | undefined {
  if (file.readUInt16BE(0) !== 0xff00 + startOfImage) return undefined;
  const kept: Buffer[] = [file.subarray(0, 2)];
  let size: { width: number; height: number } | undefined;
  let hasScan = false;
  let at = 2;
  for (;;) {
    if (file[at] !== 0xff) return undefined;
    while (file[at + 1] === 0xff) at += 1;
    const marker = file.readUInt8(at + 1);
    if (marker === endOfImage) {
      kept.push(file.subarray(at, at + 2));
      return size && hasScan ? { ...size, bytes: Buffer.concat(kept) } : undefined;
    }
    const end = at + 2 + file.readUInt16BE(at + 2);
    if (end > file.length) return undefined;
    const segment = file.subarray(at, end);
    at = end;
    if (isFrame(marker)) size = { height: segment.readUInt16BE(5), width: segment.readUInt16BE(7) };
    kept.push(cleaned(marker, segment));
    if (marker === startOfScan) {
      hasScan = true;
      at = endOfScan(file, at);
      kept.push(file.subarray(end, at));
    }
  }
}

/** SOF0 to SOF15; three numbers between them mean something else. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** A segment without what describes the picture: whole, in part, or nothing of it. */
function cleaned(marker: number, segment: Buffer): Buffer {
  const begins = (text: string) => segment.toString('latin1', 4, 4 + text.length) === text;
  if (isFrame(marker) || codingMarkers.includes(marker)) return segment;
  if (marker === app0 && begins('JFIF\0') && segment.length >= jfifBytes) return withoutThumbnail(segment);
  if (marker === app1) return onlyOrientation(segment);
  const kept = keptApplicationSegments[marker];
  if (kept && begins(kept) && (marker !== 0xee || segment.length === adobeBytes)) return segment;
  return Buffer.alloc(0);
}

function withoutThumbnail(jfif: Buffer): Buffer {
  const header = Buffer.from(jfif.subarray(0, jfifBytes));
  header.writeUInt16BE(jfifBytes - 2, 2);
  header.writeUInt16BE(0, jfifBytes - 2);
  return header;
}

/** Compressed data ends at the first marker that is neither a stuffed byte nor a restart. */
function endOfScan(file: Buffer, start: number): number {
  for (let at = file.indexOf(0xff, start); at !== -1; at = file.indexOf(0xff, at + 1)) {
    const next = file.readUInt8(at + 1);
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  throw new RangeError('The scan has no end.');
}

const exifHeader = Buffer.from('Exif\0\0');
const orientationTag = 0x0112;

/** An Exif segment that holds the orientation of this one and nothing else; empty if it has none. */
function onlyOrientation(segment: Buffer): Buffer {
  const exif = segment.subarray(4);
  if (!exif.subarray(0, exifHeader.length).equals(exifHeader)) return Buffer.alloc(0);
  const tiff = exif.subarray(exifHeader.length);
  const isLittleEndian = tiff.subarray(0, 2).toString() === 'II';
  const uint16 = (at: number) => (isLittleEndian ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const uint32 = (at: number) => (isLittleEndian ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const orientation = bounded(() => {
    const directory = uint32(4);
    for (let entry = 0; entry < uint16(directory); entry++) {
      const at = directory + 2 + 12 * entry;
      if (uint16(at) === orientationTag) return uint16(at + 8);
    }
    return undefined;
  });
  return orientation === undefined ? Buffer.alloc(0) : orientationSegment(orientation);
}

function orientationSegment(orientation: number): Buffer {
  const segment = Buffer.alloc(36);
  segment.writeUInt16BE(0xff00 + app1, 0);
  segment.writeUInt16BE(segment.length - 2, 2);
  exifHeader.copy(segment, 4);
  segment.write('MM\0*', 10, 'latin1');
  segment.writeUInt32BE(8, 14);
  segment.writeUInt16BE(1, 18);
  segment.writeUInt16BE(orientationTag, 20);
  segment.writeUInt16BE(3, 22);
  segment.writeUInt32BE(1, 24);
  segment.writeUInt16BE(orientation, 28);
  return segment;
}
