import { Hono } from 'hono';
import { proxy } from 'hono/proxy';

export const imagesBucket = 'images';

/**
 * An S3 server behind this path, with one bucket; its objects are in `folder`, or in memory without one. It is loaded with
 * the first image, for it takes more memory than all the rest of the stack's own code.
 */
export function s3Sandbox(path: string, folder: string | undefined): { app: Hono; stop: () => Promise<void> } {
  let server: ReturnType<typeof start> | undefined;
  const app = new Hono().all('/*', async (context) => {
    server ??= start(folder);
    const { pathname, search } = new URL(context.req.url);
    const { port } = await server;
    return proxy(`http://127.0.0.1:${port}${pathname.slice(path.length)}${search}`, context.req);
  });
  return { app, stop: async () => (await server)?.stop() };
}

async function start(folder: string | undefined) {
  const { startFauxqs } = await import('fauxqs');
  const storage = folder ? { dataDir: folder, s3StorageDir: folder } : {};
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false, ...storage });
  server.createBucket(imagesBucket);
  return server;
}
