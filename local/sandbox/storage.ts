import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';
import { readBroadcastQueue } from '../../lib/openapi/routes.ts';

export const imagesBucket = 'images';
export const broadcastQueue = 'broadcasts';
const failedBroadcastsQueue = 'failed-broadcasts';
const failedChangesQueue = 'failed-changes';
/** The file in which objects and messages are known; its name is the server's own. */
const database = 'fauxqs.db';

interface Options {
  /** Where objects are kept; in memory without it. */
  folder: string | undefined;
  /** Told when the queue is there. */
  onQueue: () => void;
}

/** The messages in the queues of failures: Lambda's about changes, and ours about broadcasts. */
export interface Failures {
  changes: unknown[];
  broadcasts: unknown[];
}

export interface Storage {
  app: Hono;
  failures: () => Promise<Failures>;
  /** Puts what a worker of the stream has failed to do into the queue of failures. */
  park: (change: object) => Promise<void>;
  stop: () => Promise<void>;
}

/**
 * An S3 server with one bucket behind `/s3`, and an SQS server with the queues of deploy/queues.yml behind `/sqs`. They are loaded
 * when they are called first, for they take more memory than all the rest of the stack's own code.
 */
export function storageSandbox({ folder, onQueue }: Options): Storage {
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
  return {
    app,
    failures: async () => {
      const messagesIn = async (queue: string) => {
        const { ready = [], inflight = [] } = (await server)?.inspectQueue(queue)?.messages ?? {};
        return [...ready, ...inflight.map(({ message }) => message)].map(({ body }) => JSON.parse(body));
      };
      return { changes: await messagesIn(failedChangesQueue), broadcasts: await messagesIn(failedBroadcastsQueue) };
    },
    park: async (change) => {
      server ??= start(folder, onQueue);
      (await server).sendMessage(failedChangesQueue, JSON.stringify(change));
    },
    stop: async () => (await server)?.stop(),
  };
}

/** Shorter than deployed, so that a part that a stopped stack was working on goes on soon. */
const visibilitySeconds = 60;

async function start(folder: string | undefined, onQueue: Options['onQueue']) {
  const { startFauxqs } = await import('fauxqs');
  const storage = folder ? { dataDir: folder, s3StorageDir: folder } : {};
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false, ...storage });
  server.createBucket(imagesBucket);
  for (const queue of [failedChangesQueue, failedBroadcastsQueue])
    if (!server.inspectQueue(queue)) server.createQueue(queue);
  const { maxReceiveCount } = readBroadcastQueue();
  const deadLetterTargetArn = server.inspectQueue(failedBroadcastsQueue)?.arn;
  const attributes = {
    VisibilityTimeout: String(visibilitySeconds),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
  };
  // What was in it when the stack was stopped goes on.
  if (!server.inspectQueue(broadcastQueue)) server.createQueue(broadcastQueue, { attributes });
  onQueue();
  return server;
}
