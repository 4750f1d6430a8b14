import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { serve } from '@hono/node-server';
import { Hono, type MiddlewareHandler } from 'hono';
import type { Secrets } from '../../deploy/secrets.ts';
import { Messages } from './messages.ts';
import { applications, Platforms } from './platforms.ts';
import { type EmailListener, sesSandbox } from './ses.ts';
import { Faults, snsSandbox } from './sns.ts';
import { ssmSandbox } from './ssm.ts';
import { broadcastQueue, imagesBucket, type Storage, storageSandbox } from './storage.ts';

export interface Sandbox {
  environment: Record<string, string>;
  url: string;
  messages: Messages;
  platforms: Platforms;
  faults: Faults;
  /** Follows bounces and complaints. */
  onEmailEvent: EmailListener;
  failures: Storage['failures'];
  park: Storage['park'];
  stop: () => Promise<void>;
}

/** Returns the variables with which the SDK and our configuration find the sandbox at this URL. */
export function sandboxEnvironment(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_SNS: `${url}/sns/`,
    AWS_ENDPOINT_URL_SESV2: `${url}/ses`,
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
  /** The address to listen on. The default is 127.0.0.1. */
  host?: string;
  /** 0 chooses a free port. */
  port: number;
  secrets: Secrets;
  /** The folder of the images. Without it, images are in memory. */
  imagesFolder?: string;
  onQueue?: () => void;
  onEmailEvent?: EmailListener;
  site?: (sandbox: Sandbox) => Hono;
  /** Middleware that runs before each request, and may reject it. */
  watch?: MiddlewareHandler;
}

/** Performs the request, but delays the response. The caller cannot tell whether it succeeded. */
function delayResponse(late: () => Faults['late']): MiddlewareHandler {
  return async (_, next) => {
    await next();
    const seconds = late() === true ? 30 : Number(late());
    if (seconds > 0) await setTimeout(seconds * 1_000, undefined, { ref: false });
  };
}

/** Starts the stand-ins for SNS, SES, SSM, S3 and SQS, and optionally a site on top. */
export async function startSandbox({
  host = '127.0.0.1',
  port,
  secrets,
  imagesFolder,
  onQueue = () => undefined,
  onEmailEvent = () => undefined,
  site,
  watch,
}: Options): Promise<Sandbox> {
  const [messages, platforms] = [new Messages(), new Platforms()];
  const sandbox = { messages, platforms, faults: Faults.parse({}), onEmailEvent } as Sandbox;
  const app = new Hono({ strict: false });
  if (watch) app.use(watch);
  for (const path of ['/sns/*', '/ses/*', '/ssm/*', '/s3/*'])
    app.use(
      path,
      delayResponse(() => sandbox.faults.late),
    );
  app.route(
    '/sns',
    snsSandbox({ messages, platforms }, () => sandbox.faults),
  );
  app.route(
    '/ses',
    sesSandbox(
      messages,
      () => sandbox.faults,
      () => sandbox.onEmailEvent,
    ),
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
    const listening = serve({ fetch: app.fetch, port, hostname: host }, () => resolve(listening));
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
