import { undefinedIfTruncated } from './bounded.ts';
import { readJpeg } from './jpeg.ts';
import { readPng } from './png.ts';
import type { Picture, Size } from './types.ts';
import { readWebp } from './webp.ts';

export interface CleanImage {
  contentType: string;
  /** Of a file name, without a dot. */
  extension: string;
  bytes: Buffer<ArrayBuffer>;
}

/** More would fill a phone's memory when it is drawn, however few bytes it takes on the way. */
export const mostMegapixels = 50;

/** More would keep a phone's processor busy for as long as the animation is on the screen. */
const mostFramePixels = 1_000_000_000;

const formats = [
  { read: readJpeg, contentType: 'image/jpeg', extension: 'jpg' },
  { read: readPng, contentType: 'image/png', extension: 'png' },
  { read: readWebp, contentType: 'image/webp', extension: 'webp' },
];

/**
 * A JPEG, PNG or WebP file without its metadata, or undefined if it is none of these, is cut off,
 * or would be too large to draw. The content decides, not what the sender calls it. Nothing is
 * decoded: the containers are walked part by part, so no picture can take more time or memory here
 * than its file has bytes.
 */
export function cleanImage(file: Buffer): CleanImage | undefined {
  const image = readImage(file);
  if (!image) return undefined;
  const { width, height, framePixels = 0, parts, contentType, extension } = image;
  const isDrawable = width > 0 && height > 0 && !isTooLarge(image) && framePixels <= mostFramePixels;
  return isDrawable ? { contentType, extension, bytes: Buffer.concat(parts) } : undefined;
}

/** Returns whether a file is a picture of more than {@link mostMegapixels}. */
export function hasTooManyPixels(file: Buffer): boolean {
  const image = readImage(file);
  return image !== undefined && isTooLarge(image);
}

function readImage(file: Buffer): (Picture & Pick<CleanImage, 'contentType' | 'extension'>) | undefined {
  for (const { read, ...format } of formats) {
    const picture = undefinedIfTruncated(() => read(file));
    if (picture) return { ...picture, ...format };
  }
  return undefined;
}

function isTooLarge({ width, height }: Size): boolean {
  return width * height > mostMegapixels * 1_000_000;
}
