import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import type { Secrets } from '../../deploy/secrets.ts';
import { Messages } from './messages.ts';
import { applications, Platforms } from './platforms.ts';
import { Faults, snsSandbox } from './sns.ts';
import { ssmSandbox } from './ssm.ts';
import { broadcastQueue, imagesBucket, type Storage, storageSandbox } from './storage.ts';

export interface Sandbox {
  /** What the SDK and our own settings need to find it. */
  environment: Record<string, string>;
  url: string;
  messages: Messages;
  platforms: Platforms;
  faults: Faults;
  failures: Storage['failures'];
  park: Storage['park'];
  stop: () => Promise<void>;
}

/** The environment in which the SDK and our own settings find a sandbox at this URL. */
export function sandboxEnvironment(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_SNS: `${url}/sns/`,
    AWS_ENDPOINT_URL_SSM: `${url}/ssm/`,
    AWS_ENDPOINT_URL_S3: `${url}/s3`,
    AWS_ENDPOINT_URL_SQS: `${url}/sqs/`,
    BROADCAST_QUEUE_URL: `${url}/sqs/000000000000/${broadcastQueue}`,
    PUSH_ANDROID_APPLICATION: applications.android,
    PUSH_IOS_APPLICATION: applications.ios,
    PUSH_WEB_APPLICATION: applications.web,
    IMAGES_BUCKET: imagesBucket,
    IMAGES_URL: `${url}/s3/${imagesBucket}`,
  };
}

interface Options {
  /** The address to listen at, 127.0.0.1 without it. */
  host?: string;
  /** 0 takes a free one. */
  port: number;
  secrets: Secrets;
  /** Where images are kept; in memory without it. */
  imagesFolder?: string;
  /** Told when the queue of broadcasts is there. */
  onQueue?: () => void;
  site?: (sandbox: Sandbox) => Hono;
  /** Sees every request before it is answered, and may refuse it. */
  watch?: MiddlewareHandler;
}

/** Does what was asked, and holds the answer back: the caller cannot know. */
function answerLate(late: () => Faults['late']): MiddlewareHandler {
  return async (_, next) => {
    await next();
    const seconds = late() === true ? 30 : Number(late());
    if (seconds > 0) await setTimeout(seconds * 1_000, undefined, { ref: false });
  };
}

/**
 * Starts what stands in for AWS beside the table: SNS, SSM, S3 and SQS, and whatever site is built
 * on top.
 */
export async function startSandbox({
  host = '127.0.0.1',
  port,
  secrets,
  imagesFolder,
  onQueue = () => undefined,
  site,
  watch,
}: Options): Promise<Sandbox> {
  const [messages, platforms] = [new Messages(), new Platforms()];
  const sandbox = { messages, platforms, faults: Faults.parse({}) } as Sandbox;
  const app = new Hono({ strict: false });
  if (watch) app.use(watch);
  for (const path of ['/sns/*', '/ssm/*', '/s3/*'])
    app.use(
      path,
      answerLate(() => sandbox.faults.late),
    );
  app.route(
    '/sns',
    snsSandbox({ messages, platforms }, () => sandbox.faults),
  );
  app.route(
    '/ssm',
    ssmSandbox(secrets, () => sandbox.faults),
  );
  const storage = storageSandbox({ folder: imagesFolder, onQueue });
  app.route('/', storage.app);
  Object.assign(sandbox, { failures: storage.failures, park: storage.park });
  if (site) app.route('/', site(sandbox));

  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const started = serve({ fetch: app.fetch, port, hostname: host }, () => resolve(started));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(sandbox, {
    url,
    environment: sandboxEnvironment(url),
    stop: async () => {
      await storage.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
    },
  });
}
