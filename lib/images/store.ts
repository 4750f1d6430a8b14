import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import pMap from 'p-map';
import { ServiceFailure, signedFetch } from '../aws/signedFetch.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import { loggable, logger } from '../logger.ts';
import type { CleanImage } from './picture.ts';
import { findImageKey, folderOf } from './urls.ts';

const retryAfterSeconds = 5;

/**
 * Stores an image of its owner, such as a customer, and returns its key. The name is new and cannot
 * be guessed, so it may be cached forever.
 * @throws unavailable while S3 does not respond or is busy
 */
export async function storeImage(ownerId: number, { bytes, contentType, extension }: CleanImage): Promise<string> {
  const key = `${folderOf(ownerId)}${randomUUID()}.${extension}`;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  const image = {
    body: bytes,
    headers: {
      'content-type': contentType,
      // The phone may cache an image forever. The CDN caches it for five minutes, because it does
      // not learn of a deletion.
      'cache-control': 'public, max-age=31536000, s-maxage=300, immutable',
      'x-amz-checksum-crc32': checksum.toString('base64'),
    },
  };
  await change('PUT', key, image).catch(async (error) => {
    if (!(error instanceof ServiceFailure)) throw error;
    // After an unknown outcome the bucket may hold an image that no customer has.
    if (!error.isDefinite) await deleteImageBestEffort(ownerId, key);
    if (!error.isTransient) throw error;
    logger.warn('image_store_failed', { error: loggable(error) });
    fail('unavailable', { retryAfterSeconds });
  });
  return key;
}

/**
 * Deletes an image of its owner, by its key or URL. Other images stay, because the owner may have
 * named another owner's image.
 */
async function deleteImage(ownerId: number, image: string | null): Promise<void> {
  const key = findImageKey(ownerId, image);
  if (key) await change('DELETE', key);
}

export async function deleteImageBestEffort(ownerId: number, image: string | null): Promise<void> {
  await deleteImage(ownerId, image).catch((error) => logger.warn('image_delete_failed', { error: loggable(error) }));
}

/**
 * Stores or deletes an object in the bucket.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
 */
async function change(
  method: 'PUT' | 'DELETE',
  key: string,
  content: { headers: Record<string, string>; body?: Uint8Array<ArrayBuffer> } = { headers: {} },
): Promise<void> {
  const timeoutMs = config.s3TimeoutMs;
  // The client waits, so a request that got no response within the timeout is not repeated.
  await signedFetch('s3', `/${config.imagesBucket}/${key}`, { method, timeoutMs, budgetMs: timeoutMs, ...content });
}

/**
 * Deletes every image of an owner, even those that an interrupted upload left behind.
 * @throws if S3 does not delete an image
 */
export async function deleteImagesOf(ownerId: number): Promise<void> {
  for (let keys = await listImages(ownerId); keys.length > 0; keys = await listImages(ownerId)) {
    await pMap(keys, (key) => change('DELETE', key), { concurrency: deletedAtOnce });
  }
}

const deletedAtOnce = 10;

/**
 * Returns the keys of up to 1,000 images of an owner.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
async function listImages(ownerId: number): Promise<string[]> {
  const query = new URLSearchParams({ 'list-type': '2', prefix: folderOf(ownerId) });
  const path = `/${config.imagesBucket}?${query}`;
  const xml = await signedFetch('s3', path, { method: 'GET', headers: {}, timeoutMs: config.s3TimeoutMs });
  // A key has no character that XML escapes.
  return Array.from(xml.matchAll(/<Key>([^<]+)<\/Key>/g), ([, key = '']) => key);
}
