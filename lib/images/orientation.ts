import { undefinedIfTruncated } from './bounded.ts';

const orientationTag = 0x0112;
const shortType = 3;
const longType = 4;

/** Precedes the TIFF structure in a JPEG, and in some WebP files. */
export const exifHeader = Buffer.from('Exif\0\0');

/**
 * Returns the orientation in an Exif block, 1 to 8, or undefined if it has none.
 * @see https://www.cipa.jp/std/documents/download_e.html?DC-008-Translation-2023-E 4.6.5.1
 */
export function readOrientation(exif: Buffer): number | undefined {
  const hasHeader = exif.subarray(0, exifHeader.length).equals(exifHeader);
  const tiff = hasHeader ? exif.subarray(exifHeader.length) : exif;
  const byteOrder = tiff.toString('latin1', 0, 4);
  if (byteOrder !== 'II*\0' && byteOrder !== 'MM\0*') return undefined;
  const isLittleEndian = byteOrder === 'II*\0';
  const uint16 = (at: number) => (isLittleEndian ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const uint32 = (at: number) => (isLittleEndian ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const orientation = undefinedIfTruncated(() => {
    const directory = uint32(4);
    const entries = uint16(directory);
    for (let entry = 0; entry < entries; entry++) {
      const at = directory + 2 + 12 * entry;
      if (uint16(at) !== orientationTag) continue;
      // Some writers store it as a LONG. Android and libvips turn those pictures as well.
      if (uint16(at + 2) === shortType) return uint16(at + 8);
      if (uint16(at + 2) === longType) return uint32(at + 8);
    }
    return undefined;
  });
  return orientation !== undefined && orientation >= 1 && orientation <= 8 ? orientation : undefined;
}

/** Returns a TIFF structure with nothing but an orientation. */
export function makeOrientation(orientation: number): Buffer {
  const tiff = Buffer.alloc(26);
  tiff.write('MM\0*', 0, 'latin1');
  tiff.writeUInt32BE(8, 4);
  tiff.writeUInt16BE(1, 8);
  tiff.writeUInt16BE(orientationTag, 10);
  tiff.writeUInt16BE(shortType, 12);
  tiff.writeUInt32BE(1, 14);
  tiff.writeUInt16BE(orientation, 18);
  return tiff;
}
