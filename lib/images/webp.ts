import { limitParts, mostProfileBytes } from './limits.ts';
import { makeOrientation, readOrientation } from './orientation.ts';
import type { Picture, Size } from './types.ts';

const bitstreams = ['VP8 ', 'VP8L'];
const canvasBytes = 10;
const animationBytes = 6;
const frameHeaderBytes = 16;

const animationFlag = 0x02;
const exifFlag = 0x08;
const alphaFlag = 0x10;
const profileFlag = 0x20;

interface Chunk {
  type: string;
  /** The chunk with its header and padding. */
  bytes: Buffer;
  content: Buffer;
}

type Drawing = Size & { chunks: readonly Buffer[]; framePixels?: number };

/**
 * Reads a WebP chunk by chunk and removes XMP and private chunks. The color profile and the
 * orientation of Exif stay.
 * @see https://developers.google.com/speed/webp/docs/riff_container
 */
export function readWebp(file: Buffer): Picture | undefined {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WEBP') return undefined;
  const fileEnd = 8 + file.readUInt32LE(4);
  if (fileEnd > file.length) return undefined;
  const countPart = limitParts();
  const chunks = readChunks(file.subarray(12, fileEnd), countPart);
  const [first, ...others] = chunks ?? [];
  if (!chunks || !first || others.some(({ type }) => type === 'VP8X')) return undefined;
  const isSimple = bitstreams.includes(first.type);
  const drawing = isSimple ? readStill(chunks) : readExtended(first, others, countPart);
  if (!drawing) return undefined;
  const { chunks: drawn, ...size } = drawing;
  const header = Buffer.alloc(12);
  header.write('RIFF');
  header.writeUInt32LE(
    drawn.reduce((sum, { length }) => sum + length, 4),
    4,
  );
  header.write('WEBP', 8);
  return { ...size, parts: [header, ...drawn] };
}

/** Returns undefined if a chunk is truncated. */
function readChunks(bytes: Buffer, countPart: () => void): Chunk[] | undefined {
  const chunks: Chunk[] = [];
  for (let at = 0; at < bytes.length; ) {
    countPart();
    const length = bytes.readUInt32LE(at + 4);
    const end = at + 8 + length + (length % 2);
    if (end > bytes.length) return undefined;
    chunks.push({
      type: bytes.toString('latin1', at, at + 4),
      bytes: bytes.subarray(at, end),
      content: bytes.subarray(at + 8, at + 8 + length),
    });
    at = end;
  }
  return chunks;
}

/**
 * Reads a WebP with a canvas. Reserved fields are cleared, and an animation's chunks without the
 * flag are removed.
 */
function readExtended(canvas: Chunk, chunks: readonly Chunk[], countPart: () => void): Drawing | undefined {
  if (canvas.type !== 'VP8X' || canvas.content.length !== canvasBytes) return undefined;
  const size = readSize(canvas.content, 4);
  const isAnimation = (canvas.content.readUInt8(0) & animationFlag) !== 0;
  const drawing = isAnimation ? readAnimation(chunks, size, countPart) : readStill(chunks);
  if (!drawing || drawing.width !== size.width || drawing.height !== size.height) return undefined;
  const profile = chunks.find(({ type }) => type === 'ICCP');
  const keptProfile = profile && profile.content.length <= mostProfileBytes ? [profile.bytes] : [];
  const exif = chunks.find(({ type }) => type === 'EXIF');
  const orientation = exif && readOrientation(exif.content);
  const keptExif = orientation === undefined ? [] : [makeChunk('EXIF', makeOrientation(orientation))];
  const content = Buffer.from(canvas.content);
  const flags = content.readUInt8(0) & (animationFlag | alphaFlag);
  content.writeUInt32LE(flags | (keptProfile.length > 0 ? profileFlag : 0) | (keptExif.length > 0 ? exifFlag : 0), 0);
  return { ...drawing, chunks: [makeChunk('VP8X', content), ...keptProfile, ...drawing.chunks, ...keptExif] };
}

/** Returns the only bitstream among these chunks, preceded by its transparency. */
function readStill(chunks: readonly Chunk[]): Drawing | undefined {
  const drawn = chunks.filter(({ type }) => type === 'ALPH' || bitstreams.includes(type));
  const [picture, alpha] = drawn.toReversed();
  if (!picture || drawn.length > 2 || (alpha && (alpha.type !== 'ALPH' || picture.type !== 'VP8 '))) return undefined;
  const size = readBitstreamSize(picture);
  return size && { ...size, chunks: drawn.map(({ bytes }) => bytes) };
}

function readAnimation(chunks: readonly Chunk[], canvas: Size, countPart: () => void): Drawing | undefined {
  const drawn = chunks.filter(({ type }) => ['ANIM', 'ANMF', 'ALPH', ...bitstreams].includes(type));
  const [animation, ...others] = drawn;
  if (animation?.type !== 'ANIM' || animation.content.length !== animationBytes || others.length === 0)
    return undefined;
  const kept = [animation.bytes];
  let framePixels = 0;
  for (const chunk of others) {
    const frame = chunk.type === 'ANMF' ? readFrame(chunk, canvas, countPart) : undefined;
    if (!frame) return undefined;
    framePixels += frame.width * frame.height;
    kept.push(...frame.chunks);
  }
  return { ...canvas, framePixels, chunks: kept };
}

function readFrame({ bytes, content }: Chunk, canvas: Size, countPart: () => void): Drawing | undefined {
  const size = readSize(content, 6);
  const isInside =
    2 * content.readUIntLE(0, 3) + size.width <= canvas.width &&
    2 * content.readUIntLE(3, 3) + size.height <= canvas.height;
  const chunks = readChunks(content.subarray(frameHeaderBytes), countPart);
  const hasFrame = chunks?.some(({ type }) => ['VP8X', 'ANIM', 'ANMF'].includes(type));
  const still = chunks && !hasFrame ? readStill(chunks) : undefined;
  if (!isInside || still?.width !== size.width || still.height !== size.height) return undefined;
  const header = Buffer.from(bytes.subarray(0, 8 + frameHeaderBytes));
  header.writeUInt32LE(
    still.chunks.reduce((sum, { length }) => sum + length, frameHeaderBytes),
    4,
  );
  return { ...size, chunks: [header, ...still.chunks] };
}

/** Reads a width and a height. Each is stored as three bytes, and one less than its value. */
function readSize(content: Buffer, at: number): Size {
  return { width: content.readUIntLE(at, 3) + 1, height: content.readUIntLE(at + 3, 3) + 1 };
}

function readBitstreamSize({ type, content }: Chunk): Size | undefined {
  if (type === 'VP8 ' && content.readUIntBE(3, 3) === 0x9d012a) {
    return { width: content.readUInt16LE(6) & 0x3fff, height: content.readUInt16LE(8) & 0x3fff };
  }
  if (type === 'VP8L' && content.readUInt8(0) === 0x2f) {
    const bits = content.readUInt32LE(1);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  return undefined;
}

/** Returns a chunk. The content must have an even number of bytes. */
function makeChunk(type: string, content: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.write(type);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}
