import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { proxy } from 'hono/proxy';
import { readBroadcastQueue } from '../../lib/openapi/routes.ts';

export const imagesBucket = 'images';
export const broadcastQueue = 'broadcasts';
const failedBroadcastsQueue = 'failed-broadcasts';
const failedChangesQueue = 'failed-changes';
/** The index of objects and messages. The server defines its name. */
const database = 'fauxqs.db';

interface Options {
  /** The folder of the objects. Without it, objects are in memory. */
  folder: string | undefined;
  onQueue: () => void;
}

/** The messages in the failure queues: changes from Lambda, and broadcasts from our worker. */
export interface Failures {
  changes: unknown[];
  broadcasts: unknown[];
}

export interface Storage {
  app: Hono;
  failures: () => Promise<Failures>;
  park: (change: object) => Promise<void>;
  stop: () => Promise<void>;
}

/**
 * Serves S3 with one bucket at `/s3`, and SQS with the queues of deploy/queues.yml at `/sqs`. The
 * servers load at the first call, because they take more memory than the rest of the stack's code.
 */
export function storageSandbox({ folder, onQueue }: Options): Storage {
  // After a restart, messages that are still queued are processed without a new call.
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

/** Shorter than deployed, so that a part that was interrupted by a stop soon continues. */
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
  // A queue that already exists keeps its messages.
  if (!server.inspectQueue(broadcastQueue)) server.createQueue(broadcastQueue, { attributes });
  onQueue();
  return server;
}
