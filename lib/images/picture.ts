import { bounded } from './bounded.ts';
import { readJpeg } from './jpeg.ts';
import { readPng } from './png.ts';
import { readWebp } from './webp.ts';

/** A picture as far as its container tells, without what describes it. */
export interface Picture {
  width: number;
  height: number;
  bytes: Buffer<ArrayBuffer>;
}

export interface CleanImage {
  contentType: string;
  /** Of a file name, without a dot. */
  extension: string;
  bytes: Buffer<ArrayBuffer>;
}

/** More would fill a phone's memory when it is drawn, however few bytes it takes on the way. */
const mostPixels = 50_000_000;

const formats = [
  { read: readJpeg, contentType: 'image/jpeg', extension: 'jpg' },
  { read: readPng, contentType: 'image/png', extension: 'png' },
  { read: readWebp, contentType: 'image/webp', extension: 'webp' },
];

/**
 * A JPEG, PNG or WebP file without its metadata, or undefined if it is none of these, is cut off, or would be too large
 * to draw. The content decides, not what the sender calls it. Nothing is decoded: the containers are walked part by
 * part, so no picture can take more time or memory here than its file has bytes.
 */
export function cleanImage(file: Buffer): CleanImage | undefined {
  for (const { read, contentType, extension } of formats) {
    const picture = bounded(() => read(file));
    if (!picture) continue;
    const { width, height, bytes } = picture;
    return width > 0 && height > 0 && width * height <= mostPixels ? { contentType, extension, bytes } : undefined;
  }
  return undefined;
}
