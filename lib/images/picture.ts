import { undefinedIfTruncated } from './bounded.ts';
import { readJpeg } from './jpeg.ts';
import { readPng } from './png.ts';
import type { Picture, Size } from './types.ts';
import { readWebp } from './webp.ts';

export interface CleanImage {
  contentType: string;
  /** The extension of a file name, without a dot. */
  extension: string;
  bytes: Buffer<ArrayBuffer>;
}

/** A larger picture fills a phone's memory when it is drawn, however small its file is. */
export const mostMegapixels = 50;

/** A larger animation keeps a phone's processor busy as long as it is on the screen. */
const mostFramePixels = 1_000_000_000;

const formats = [
  { read: readJpeg, contentType: 'image/jpeg', extension: 'jpg' },
  { read: readPng, contentType: 'image/png', extension: 'png' },
  { read: readWebp, contentType: 'image/webp', extension: 'webp' },
];

/**
 * Removes the metadata of a JPEG, PNG or WebP file. The content decides, not the type that the
 * client names. Nothing is decoded: the containers are read part by part, so time and memory grow
 * only with the size of the file.
 * @returns undefined if the file has another format, is truncated, or is too large to draw
 */
export function cleanImage(file: Buffer): CleanImage | undefined {
  const image = readImage(file);
  if (!image) return undefined;
  const { width, height, framePixels = 0, parts, contentType, extension } = image;
  const isDrawable = width > 0 && height > 0 && !isTooLarge(image) && framePixels <= mostFramePixels;
  return isDrawable ? { contentType, extension, bytes: Buffer.concat(parts) } : undefined;
}

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
