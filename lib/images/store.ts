import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { requestHandler } from '../aws.ts';
import { config } from '../config.ts';
import type { CleanImage } from './picture.ts';

let client: S3Client | undefined;

function bucket(): S3Client {
  client ??= new S3Client({
    forcePathStyle: true,
    requestHandler,
  });
  return client;
}

const folderOf = (customerId: number) => `images/${customerId}/`;

/** Keeps an image of a customer and answers its URL. The name is new and cannot be guessed, so it may be cached for ever. */
export async function keepImage(customerId: number, { bytes, contentType, extension }: CleanImage): Promise<string> {
  const key = `${folderOf(customerId)}${randomUUID()}.${extension}`;
  await bucket().send(
    new PutObjectCommand({
      Bucket: config.imagesBucket,
      Key: key,
      Body: bytes,
      ContentType: contentType,
      // For ever on the customer's phone, but five minutes in the CDN: it does not know when an image is deleted.
      CacheControl: 'public, max-age=31536000, s-maxage=300, immutable',
    }),
  );
  return `${config.imagesUrl}/${key}`;
}

/** Deletes an image of a customer by its URL. Any other URL is only forgotten: they may have named what is not theirs. */
export async function dropImage(customerId: number, url: string | null): Promise<void> {
  const folder = `${config.imagesUrl}/${folderOf(customerId)}`;
  const name = url?.startsWith(folder) ? url.slice(folder.length) : '';
  if (!/^[\w-]+\.\w+$/.test(name)) return;
  await bucket().send(new DeleteObjectCommand({ Bucket: config.imagesBucket, Key: `${folderOf(customerId)}${name}` }));
}

/** Deletes every image of a customer, those too that a broken upload left behind. */
export async function dropImagesOf(customerId: number): Promise<void> {
  for (;;) {
    const { Contents = [] } = await bucket().send(
      new ListObjectsV2Command({ Bucket: config.imagesBucket, Prefix: folderOf(customerId) }),
    );
    if (Contents.length === 0) return;
    await bucket().send(
      new DeleteObjectsCommand({
        Bucket: config.imagesBucket,
        Delete: { Objects: Contents.map(({ Key }) => ({ Key })) },
      }),
    );
  }
}
