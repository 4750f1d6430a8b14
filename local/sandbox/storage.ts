import { Hono } from 'hono';
import { proxy } from 'hono/proxy';

export const imagesBucket = 'images';
export const broadcastQueue = 'broadcasts';

interface Options {
  /** Where objects are kept; in memory without it. */
  folder: string | undefined;
  /** Told when the queue is there. */
  onQueue: () => void;
}

/**
 * An S3 server with one bucket behind `/s3`, and an SQS server with one queue behind `/sqs`. They are loaded when they are called
 * first, for they take more memory than all the rest of the stack's own code.
 */
export function storageSandbox({ folder, onQueue }: Options): { app: Hono; stop: () => Promise<void> } {
  let server: ReturnType<typeof start> | undefined;
  const app = new Hono();
  for (const path of ['/s3', '/sqs']) {
    app.all(`${path}/*`, async (context) => {
      const { pathname, search } = new URL(context.req.url);
      server ??= start(folder, onQueue);
      const { port } = await server;
      return proxy(`http://127.0.0.1:${port}${pathname.slice(path.length)}${search}`, context.req);
    });
  }
  return { app, stop: async () => (await server)?.stop() };
}

async function start(folder: string | undefined, onQueue: Options['onQueue']) {
  const { startFauxqs } = await import('fauxqs');
  const storage = folder ? { dataDir: folder, s3StorageDir: folder } : {};
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false, ...storage });
  server.createBucket(imagesBucket);
  const attributes = { VisibilityTimeout: '10' };
  server.createQueue(broadcastQueue, { attributes });
  onQueue();
  return server;
}
