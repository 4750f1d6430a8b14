import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { Secrets } from '../secrets.ts';
import { Messages } from './messages.ts';
import { Faults, snsSandbox } from './sns.ts';
import { ssmSandbox } from './ssm.ts';

export interface Sandbox {
  /** What the SDK needs to find it: the values of its own environment variables. */
  environment: { AWS_ENDPOINT_URL_SNS: string; AWS_ENDPOINT_URL_SSM: string };
  url: string;
  messages: Messages;
  faults: Faults;
  stop: () => Promise<void>;
}

/** Starts what stands in for AWS beside the table: SNS and SSM, and whatever site is built on top. Port 0 takes a free one. */
export async function startSandbox(
  port: number,
  secrets: Secrets,
  site?: (sandbox: Sandbox) => Hono,
): Promise<Sandbox> {
  const messages = new Messages();
  const sandbox = { messages, faults: Faults.parse({}) } as Sandbox;
  const app = new Hono({ strict: false });
  app.route(
    '/sns',
    snsSandbox(messages, () => sandbox.faults),
  );
  app.route('/ssm', ssmSandbox(secrets));
  if (site) app.route('/', site(sandbox));

  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const started = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, () => resolve(started));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(sandbox, {
    url,
    environment: { AWS_ENDPOINT_URL_SNS: `${url}/sns/`, AWS_ENDPOINT_URL_SSM: `${url}/ssm/` },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  });
}
