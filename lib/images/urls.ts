import { config } from '../config/config.ts';

/** The folder of an owner's images, a customer for one, in the bucket. */
export const folderOf = (ownerId: number) => `images/${ownerId}/`;

/** As `storeImage` names images: nothing else in the folder is shown or deleted. */
const fileName = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.\w{1,8}$/;
/** Stages had no domain of their own for images before keys were stored. */
const cloudFront = /^https:\/\/[\w-]+\.cloudfront\.net(?=\/)/i;

/**
 * The key of an owner's image in the bucket, by the key itself, or by a URL at which this stage
 * serves or has served it. Undefined for any other URL, and for images of other owners.
 */
export function findImageKey(ownerId: number, image: string | null): string | undefined {
  if (image === null) return undefined;
  const hosts = [config.imagesUrl, ...config.formerImagesUrls, ...(cloudFront.exec(image)?.slice(0, 1) ?? [])];
  const host = hosts.find((url) => image.startsWith(`${url}/`));
  const key = host === undefined ? image : image.slice(host.length + 1);
  const folder = folderOf(ownerId);
  return key.startsWith(folder) && fileName.test(key.slice(folder.length)) ? key : undefined;
}

/** An image as it is stored: by its key where it is the owner's, else by its URL. */
export function toStoredImage<I extends string | null>(ownerId: number, image: I): I | string {
  return findImageKey(ownerId, image) ?? image;
}

/** The URL of a stored image. */
export function toImageUrl(ownerId: number, image: string | null): string | null {
  const key = findImageKey(ownerId, image);
  if (key) return `${config.imagesUrl}/${key}`;
  return image && URL.canParse(image) ? image : null;
}

/** Whether two are one image, however they are stored. */
export function isSameImage(ownerId: number, image: string | null, other: string | null): boolean {
  return toStoredImage(ownerId, image) === toStoredImage(ownerId, other);
}
