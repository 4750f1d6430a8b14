import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';

export const imagesBucket = 'images';
export const broadcastQueue = 'broadcasts';
/** The file in which objects and messages are known; its name is the server's own. */
const database = 'fauxqs.db';

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
  // What a queue still held when the stack was stopped goes on by itself.
  let server = folder && existsSync(join(folder, database)) ? start(folder, onQueue) : undefined;
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
  // What was in it when the stack was stopped goes on.
  if (!server.inspectQueue(broadcastQueue)) server.createQueue(broadcastQueue, { attributes });
  onQueue();
  return server;
}
