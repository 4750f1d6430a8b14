import { config } from '../config/config.ts';

/** Returns the folder of an owner's images in the bucket. An owner is for example a customer. */
export const folderOf = (ownerId: number) => `images/${ownerId}/`;

/** The names that `storeImage` gives. No other file in the folder is shown or deleted. */
const fileName = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.\w{1,8}$/;
/** Before keys were stored, a stage had no domain of its own for images. */
const cloudFront = /^https:\/\/[\w-]+\.cloudfront\.net(?=\/)/i;

/**
 * Returns the key of an owner's image in the bucket. `image` is the key, or a current or former URL
 * of this stage. Returns undefined for any other URL, and for images of other owners.
 */
export function findImageKey(ownerId: number, image: string | null): string | undefined {
  if (image === null) return undefined;
  const hosts = [config.imagesUrl, ...config.formerImagesUrls, ...(cloudFront.exec(image)?.slice(0, 1) ?? [])];
  const host = hosts.find((url) => image.startsWith(`${url}/`));
  const key = host === undefined ? image : image.slice(host.length + 1);
  const folder = folderOf(ownerId);
  return key.startsWith(folder) && fileName.test(key.slice(folder.length)) ? key : undefined;
}

/** Returns an image as it is stored: by its key if it is the owner's, otherwise by its URL. */
export function toStoredImage<I extends string | null>(ownerId: number, image: I): I | string {
  return findImageKey(ownerId, image) ?? image;
}

export function toImageUrl(ownerId: number, image: string | null): string | null {
  const key = findImageKey(ownerId, image);
  if (key) return `${config.imagesUrl}/${key}`;
  return image && URL.canParse(image) ? image : null;
}

/** Returns whether two values mean the same image, by key or by URL. */
export function isSameImage(ownerId: number, image: string | null, other: string | null): boolean {
  return toStoredImage(ownerId, image) === toStoredImage(ownerId, other);
}
