import type { Picture } from './picture.ts';

const keptChunks = ['VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ANIM', 'ICCP'];
const frameHeaderBytes = 16;
const exifAndXmpFlags = 0x0c;

/** Reads a WebP chunk by chunk and leaves Exif and XMP out. @see https://developers.google.com/speed/webp/docs/riff_container */
export function readWebp(file: Buffer): Picture | undefined {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WEBP') return undefined;
  const fileEnd = 8 + file.readUInt32LE(4);
  if (fileEnd > file.length) return undefined;
  const chunks = readChunks(file.subarray(12, fileEnd));
  const size = chunks?.map(({ type, bytes }) => sizeIn(type, bytes)).find(Boolean);
  const hasPicture = chunks?.some(({ type }) => ['VP8 ', 'VP8L', 'ANMF'].includes(type));
  if (!chunks || !size || !hasPicture) return undefined;
  const body = Buffer.concat([Buffer.from('WEBP'), ...chunks.map(({ bytes }) => bytes)]);
  const header = Buffer.alloc(8);
  header.write('RIFF');
  header.writeUInt32LE(body.length, 4);
  return { ...size, bytes: Buffer.concat([header, body]) };
}

interface Chunk {
  type: string;
  bytes: Buffer;
}

/** The chunks that draw, those inside an animation's frames too; undefined where one is cut off. */
function readChunks(file: Buffer): Chunk[] | undefined {
  const chunks: Chunk[] = [];
  for (let at = 0; at < file.length; ) {
    const length = file.readUInt32LE(at + 4);
    const end = at + 8 + length + (length % 2);
    if (end > file.length) return undefined;
    const bytes = Buffer.from(file.subarray(at, end));
    const type = bytes.toString('latin1', 0, 4);
    if (type === 'VP8X') bytes.writeUInt8(bytes.readUInt8(8) & ~exifAndXmpFlags, 8);
    if (keptChunks.includes(type)) chunks.push({ type, bytes });
    if (type === 'ANMF') {
      const inner = readChunks(bytes.subarray(8 + frameHeaderBytes));
      if (!inner) return undefined;
      const frame = Buffer.concat([bytes.subarray(0, 8 + frameHeaderBytes), ...inner.map((chunk) => chunk.bytes)]);
      frame.writeUInt32LE(frame.length - 8, 4);
      chunks.push({ type, bytes: frame });
    }
    at = end;
  }
  return chunks;
}

/** VP8X has the size of the whole canvas; without it, the one frame has it. */
function sizeIn(type: string, chunk: Buffer): { width: number; height: number } | undefined {
  if (type === 'VP8X') return { width: chunk.readUIntLE(12, 3) + 1, height: chunk.readUIntLE(15, 3) + 1 };
  if (type === 'VP8 ' && chunk.readUIntBE(11, 3) === 0x9d012a) {
    return { width: chunk.readUInt16LE(14) & 0x3fff, height: chunk.readUInt16LE(16) & 0x3fff };
  }
  if (type === 'VP8L' && chunk.readUInt8(8) === 0x2f) {
    const bits = chunk.readUInt32LE(9);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  return undefined;
}
