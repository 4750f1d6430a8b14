import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { config } from '../config.ts';
import type { CleanImage } from './picture.ts';

let client: S3Client | undefined;

function bucket(): S3Client {
  client ??= new S3Client({
    forcePathStyle: true,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 8_000 },
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
      CacheControl: 'public, max-age=31536000, immutable',
    }),
  );
  return `${config.imagesUrl}/${key}`;
}

/** Deletes an image by its URL. A URL of somebody else's server is only forgotten. */
export async function dropImage(url: string | null): Promise<void> {
  const prefix = `${config.imagesUrl}/`;
  if (!url?.startsWith(prefix)) return;
  await bucket().send(new DeleteObjectCommand({ Bucket: config.imagesBucket, Key: url.slice(prefix.length) }));
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
