import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deleteImagesOf } from './store.ts';

const listing =
  '<ListBucketResult><Contents><Key>images/7/a.png</Key></Contents><KeyCount>1</KeyCount></ListBucketResult>';
const denied = '<Error><Code>AccessDenied</Code><Message>Denied</Message></Error>';

let s3: Server;
let requests: string[];
beforeAll(async () => {
  requests = [];
  s3 = createServer((request, response) => {
    requests.push(request.method ?? '');
    response.statusCode = request.method === 'GET' ? 200 : 403;
    response.setHeader('content-type', 'application/xml').end(request.method === 'GET' ? listing : denied);
  });
  await new Promise<void>((resolve) => s3.listen(0, '127.0.0.1', resolve));
  const { port } = s3.address() as AddressInfo;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    IMAGES_BUCKET: 'images',
  });
});
afterAll(() => s3.close());

test('an erasure fails if S3 does not delete the images, so that it is retried instead of listing them forever', async () => {
  await expect(deleteImagesOf(7)).rejects.toMatchObject({ name: 'S3AccessDenied' });
  expect(requests).toEqual(['GET', 'DELETE']);
});
