import { limitParts, mostProfileBytes } from './limits.ts';
import { exifHeader, makeOrientation, readOrientation } from './orientation.ts';
import type { Picture, Size } from './types.ts';

const startOfImage = 0xd8;
const endOfImage = 0xd9;
const startOfScan = 0xda;
const app0 = 0xe0;
const app1 = 0xe1;
const app2 = 0xe2;
const app14 = 0xee;

/**
 * The length of Adobe's segment, and of JFIF's without a thumbnail. Longer ones hold other data.
 */
const adobeBytes = 16;
const jfifBytes = 18;

/**
 * Tables, scans and restarts. DNL is missing: it is for frames without a height, which are
 * rejected.
 */
const codingMarkers = [0xc4, 0xcc, startOfScan, 0xdb, 0xdd];

/** The limit of libjpeg. A phone processes the whole picture for every scan. */
const mostScans = 100;

/**
 * Reads a JPEG marker by marker and removes its metadata: Exif with its location, XMP, comments,
 * thumbnails, and all data after the end. The color profile stays. So does the orientation of Exif,
 * because phone photos would otherwise lie on their side.
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf annex B
 */
export function readJpeg(file: Buffer): Picture | undefined {
  if (file.readUInt16BE(0) !== 0xff00 + startOfImage) return undefined;
  const countPart = limitParts();
  const parts: Buffer[] = [file.subarray(0, 2)];
  const profile = new Set<Buffer>();
  let size: Size | undefined;
  let scans = 0;
  let hasExif = false;
  let at = 2;
  for (;;) {
    countPart();
    if (file[at] !== 0xff) return undefined;
    while (file[at + 1] === 0xff) at += 1;
    const marker = file.readUInt8(at + 1);
    if (marker === endOfImage) {
      parts.push(file.subarray(at, at + 2));
      return size && scans > 0 ? { ...size, parts: withinLimit(parts, profile) } : undefined;
    }
    const length = file.readUInt16BE(at + 2);
    const end = at + 2 + length;
    if (!hasLength(marker) || length < 2 || end > file.length) return undefined;
    const segment = file.subarray(at, end);
    at = end;
    if (isFrame(marker)) {
      if (size) return undefined;
      size = { height: segment.readUInt16BE(5), width: segment.readUInt16BE(7) };
    }
    const isExif = marker === app1 && beginsWith(segment, exifHeader);
    parts.push(isExif && !hasExif ? keepOrientation(segment) : cleanSegment(marker, segment));
    hasExif ||= isExif;
    if (isProfile(marker, segment)) profile.add(segment);
    if (marker === startOfScan) {
      scans += 1;
      if (!size || scans > mostScans) return undefined;
      at = endOfScan(file, at);
      parts.push(file.subarray(end, at));
    }
  }
}

/**
 * Returns whether a marker has a length. Restarts and another start have none. They are rejected
 * here, as reserved markers are.
 */
function hasLength(marker: number): boolean {
  return marker >= 0xc0 && !(marker >= 0xd0 && marker <= startOfImage);
}

/** Returns whether a marker is SOF0 to SOF15. Three markers in this range mean something else. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/**
 * Returns whether a segment is part of a color profile. A segment holds 64 KB at most, so a profile
 * may need several.
 * @see https://www.color.org/specification/ICC.1-2022-05.pdf B.4
 */
function isProfile(marker: number, segment: Buffer): boolean {
  return marker === app2 && beginsWith(segment, 'ICC_PROFILE\0');
}

/** Removes a profile that is too large. A part of it would be useless. */
function withinLimit(parts: Buffer[], profile: ReadonlySet<Buffer>): Buffer[] {
  const profileBytes = [...profile].reduce((sum, { length }) => sum + length, 0);
  return profileBytes > mostProfileBytes ? parts.filter((part) => !profile.has(part)) : parts;
}

function beginsWith(segment: Buffer, content: string | Buffer): boolean {
  return segment.toString('latin1', 4, 4 + content.length) === content.toString('latin1');
}

function cleanSegment(marker: number, segment: Buffer): Buffer {
  if (isFrame(marker) || codingMarkers.includes(marker) || isProfile(marker, segment)) return segment;
  if (marker === app0 && beginsWith(segment, 'JFIF\0') && segment.length >= jfifBytes) return withoutThumbnail(segment);
  if (marker === app14 && beginsWith(segment, 'Adobe') && segment.length === adobeBytes) return segment;
  return Buffer.alloc(0);
}

function withoutThumbnail(jfif: Buffer): Buffer {
  const header = Buffer.from(jfif.subarray(0, jfifBytes));
  header.writeUInt16BE(jfifBytes - 2, 2);
  header.writeUInt16BE(0, jfifBytes - 2);
  return header;
}

/**
 * Returns the end of the compressed data: the first marker that is neither a stuffed byte nor a
 * restart. It does not use indexOf, because a file of stuffed bytes would need two million calls.
 */
function endOfScan(file: Buffer, start: number): number {
  for (let at = start; at < file.length - 1; at++) {
    if (file[at] !== 0xff) continue;
    const next = file[at + 1] ?? 0;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  throw new RangeError('The scan has no end.');
}

/** Returns an Exif segment with this one's orientation alone, or an empty buffer if it has none. */
function keepOrientation(segment: Buffer): Buffer {
  const orientation = readOrientation(segment.subarray(4));
  if (orientation === undefined) return Buffer.alloc(0);
  const header = Buffer.from([0xff, app1, 0, 0]);
  const content = Buffer.concat([exifHeader, makeOrientation(orientation)]);
  header.writeUInt16BE(2 + content.length, 2);
  return Buffer.concat([header, content]);
}
