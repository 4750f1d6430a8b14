import { crc32, type Inflate, inflateSync } from 'node:zlib';
import { limitParts, mostProfileBytes } from './limits.ts';
import { makeOrientation, readOrientation } from './orientation.ts';
import type { Picture, Size } from './types.ts';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const headerBytes = 13;
const frameHeaderBytes = 26;

/**
 * The chunks that draw the picture or its animation, each with the maximum bytes of its content.
 */
const keptChunks = new Map([
  ['IHDR', headerBytes],
  ['PLTE', 768],
  ['IDAT', Number.POSITIVE_INFINITY],
  ['IEND', 0],
  ['tRNS', 256],
  ['gAMA', 4],
  ['cHRM', 32],
  ['sRGB', 1],
  ['iCCP', Number.POSITIVE_INFINITY],
  ['cICP', 4],
  ['mDCV', 24],
  ['cLLI', 8],
  ['bKGD', 6],
  ['pHYs', 9],
  ['eXIf', Number.POSITIVE_INFINITY],
  ['acTL', 8],
  ['fcTL', frameHeaderBytes],
  ['fdAT', Number.POSITIVE_INFINITY],
]);

/** Decoders ignore a second chunk of any other type, so it is removed. */
const repeatedChunks = ['IDAT', 'fcTL', 'fdAT'];

/**
 * Reads a PNG chunk by chunk, verifies each checksum, and removes text, times and private chunks.
 * The color profile and the orientation of Exif stay.
 * @see https://www.w3.org/TR/png-3/
 */
export function readPng(file: Buffer): Picture | undefined {
  if (!file.subarray(0, signature.length).equals(signature)) return undefined;
  const countPart = limitParts();
  const parts: Buffer[] = [signature];
  const seen = new Set<string>();
  let size: Size | undefined;
  let framePixels = 0;
  for (let at = signature.length; ; ) {
    countPart();
    const end = at + 12 + file.readUInt32BE(at);
    if (end > file.length) return undefined;
    const chunk = file.subarray(at, end);
    const type = chunk.toString('latin1', 4, 8);
    const content = chunk.subarray(8, -4);
    at = end;
    if (crc32(chunk.subarray(4, -4)) !== chunk.readUInt32BE(chunk.length - 4)) return undefined;
    if ((type === 'IHDR') !== (size === undefined)) return undefined;
    size ??= readHeader(content);
    const mostBytes = keptChunks.get(type);
    if (mostBytes === undefined || !isExpected(type, seen)) continue;
    if (!size || content.length > mostBytes) return undefined;
    seen.add(type);
    if (type === 'fcTL') {
      const frame = readFrame(content, size);
      if (!frame) return undefined;
      framePixels += frame.width * frame.height;
    }
    parts.push(cleanChunk(type, chunk, content));
    if (type === 'IEND') return seen.has('IDAT') ? { ...size, framePixels, parts } : undefined;
  }
}

/**
 * Returns whether a chunk is allowed here. Without the animation's header before the picture, its
 * frames are not drawn.
 */
function isExpected(type: string, seen: ReadonlySet<string>): boolean {
  if (type === 'acTL') return !seen.has('acTL') && !seen.has('IDAT');
  if (type === 'fcTL' || type === 'fdAT') return seen.has('acTL');
  return repeatedChunks.includes(type) || !seen.has(type);
}

function readHeader(content: Buffer): Size | undefined {
  if (content.length !== headerBytes) return undefined;
  return { width: content.readUInt32BE(0), height: content.readUInt32BE(4) };
}

/** Returns the size of an animation's frame, or undefined if it is not inside the picture. */
function readFrame(content: Buffer, canvas: Size): Size | undefined {
  if (content.length !== frameHeaderBytes) return undefined;
  const frame = { width: content.readUInt32BE(4), height: content.readUInt32BE(8) };
  const isInside =
    content.readUInt32BE(12) + frame.width <= canvas.width && content.readUInt32BE(16) + frame.height <= canvas.height;
  return isInside && frame.width > 0 && frame.height > 0 ? frame : undefined;
}

function cleanChunk(type: string, chunk: Buffer, content: Buffer): Buffer {
  if (type === 'iCCP') return keepProfile(content);
  if (type !== 'eXIf') return chunk;
  const orientation = readOrientation(content);
  return orientation === undefined ? Buffer.alloc(0) : makeChunk('eXIf', makeOrientation(orientation));
}

/**
 * Replaces the name that the writer gave a profile. A shorter name is replaced by the beginning of
 * this one.
 */
const profileName = 'profile';

/**
 * Returns a profile without its own name and without bytes after it, or an empty buffer if it is
 * too large or broken. It is inflated only to learn its size, because a few bytes could fill a
 * phone's memory.
 */
function keepProfile(content: Buffer): Buffer {
  const nameEnd = content.indexOf(0);
  if (nameEnd < 1 || nameEnd > 79 || content[nameEnd + 1] !== 0) return Buffer.alloc(0);
  const compressed = content.subarray(nameEnd + 2);
  const length = lengthOfDeflated(compressed);
  if (length === undefined || content.length > mostProfileBytes) return Buffer.alloc(0);
  const name = Buffer.from(`${profileName.slice(0, nameEnd)}\0\0`);
  return makeChunk('iCCP', Buffer.concat([name, compressed.subarray(0, length)]));
}

/**
 * Returns the length of the compressed data, or undefined if it is broken or inflates to a profile
 * that is too large.
 */
function lengthOfDeflated(data: Buffer): number | undefined {
  try {
    // With `info` the result includes the stream, which counts the bytes that it used.
    const result: unknown = inflateSync(data, { maxOutputLength: mostProfileBytes, info: true });
    return (result as { engine: Inflate }).engine.bytesWritten;
  } catch {
    return undefined;
  }
}

function makeChunk(type: string, content: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + content.length);
  chunk.writeUInt32BE(content.length, 0);
  chunk.write(type, 4);
  content.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
  return chunk;
}
