import { crc32 } from 'node:zlib';
import type { Picture } from './picture.ts';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** What draws the picture or its animation; text, times, profiles and private chunks go. */
const keptChunks = [
  'IHDR',
  'PLTE',
  'IDAT',
  'IEND',
  'tRNS',
  'gAMA',
  'cHRM',
  'sRGB',
  'bKGD',
  'pHYs',
  'acTL',
  'fcTL',
  'fdAT',
];

/** Reads a PNG chunk by chunk, each against its checksum. @see https://www.w3.org/TR/png-3/ */
export function readPng(file: Buffer): Picture | undefined {
  if (!file.subarray(0, signature.length).equals(signature)) return undefined;
  const kept: Buffer[] = [signature];
  let size: { width: number; height: number } | undefined;
  let hasData = false;
  for (let at = signature.length; ; ) {
    const end = at + 12 + file.readUInt32BE(at);
    if (end > file.length) return undefined;
    const chunk = file.subarray(at, end);
    const type = chunk.toString('latin1', 4, 8);
    if (crc32(chunk.subarray(4, -4)) !== chunk.readUInt32BE(chunk.length - 4)) return undefined;
    if (keptChunks.includes(type)) kept.push(chunk);
    if (type === 'IHDR') size = { width: chunk.readUInt32BE(8), height: chunk.readUInt32BE(12) };
    if (type === 'IDAT') hasData = true;
    if (type === 'IEND') return size && hasData ? { ...size, bytes: Buffer.concat(kept) } : undefined;
    at = end;
  }
}
