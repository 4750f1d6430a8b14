import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { streamSSE } from 'hono/streaming';
import * as z from 'zod';
import { nowSeconds } from '../lib/clock.ts';
import { config } from '../lib/config/config.ts';
import type { Feed } from './feed.ts';
import { regionMap } from './regionMap.ts';
import type { Sandbox } from './sandbox/server.ts';
import { Faults } from './sandbox/sns.ts';

const folder = new URL('pages/', import.meta.url);
const mediaTypes: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css' };

/** A hundred years in each direction: enough for every expiry, and few enough for valid dates. */
const mostSeconds = 100 * 365 * 86_400;
const Notified = z.object({ customer_id: z.int() });
const Advance = z.object({ advance_seconds: z.int() });

export const pages = {
  Inbox: { path: '/', shows: 'codes, e-mails and pushes appear here' },
  Regions: { path: '/regions', shows: 'a map to click' },
  Requests: { path: '/requests', shows: 'what the API was asked' },
  Docs: { path: '/docs', shows: 'the API, to read and to try' },
} as const;
export type PageName = keyof typeof pages;

interface Surroundings {
  apiPort: number;
  notify: (customerId: number) => Promise<unknown>;
  /** Runs what is due at the new time. */
  clockMoved: () => Promise<void>;
}

/**
 * Serves the developer's pages, and a JSON API for scripts. The API of the service is at another
 * port of the same host.
 */
export function site(
  service: { name: string; pages: readonly PageName[] },
  sandbox: Sandbox,
  requests: Feed<object>,
  { apiPort, notify, clockMoved }: Surroundings,
): Hono {
  const { messages } = sandbox;
  const app = new Hono();
  const apiOf = (context: Context) => `http://${new URL(context.req.url).hostname}:${apiPort}`;

  /**
   * Pages load their own files, and call this site and the API. A frame with an e-mail has the
   * policy of its page, and the styles in its elements.
   */
  const policyOf = (context: Context) =>
    `default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src data:; connect-src 'self' ${apiOf(context)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

  for (const name of service.pages) {
    app.get(pages[name].path, (context) =>
      name === 'Docs'
        ? context.redirect(`${apiOf(context)}/api/docs/`)
        : context.html(asset(`${name.toLowerCase()}.html`), 200, { 'content-security-policy': policyOf(context) }),
    );
  }
  app.get('/', (context) => context.redirect(pages[service.pages[0] ?? 'Requests'].path));
  for (const file of readdirSync(folder)) {
    const type = mediaTypes[extname(file)];
    if (type) app.get(`/${file}`, (context) => context.body(asset(file), 200, { 'content-type': type }));
  }
  const docsPage = cors({
    origin: (origin, context) =>
      [apiOf(context), `http://localhost:${apiPort}`, `http://127.0.0.1:${apiPort}`].includes(origin) ? origin : null,
  });
  app.use('/api/site', docsPage);
  app.get('/api/site', (context) =>
    context.json({
      service: service.name,
      api: apiOf(context),
      pages: service.pages.map((name) => ({ name, path: pages[name].path })),
    }),
  );

  app.use('/api/messages', docsPage);
  app.use('/api/clock', docsPage);
  app.use('/api/notifications', docsPage);
  app.get('/api/messages', (context) => context.json(messages.list(phoneOrToken(context.req.query('to')))));
  app.delete('/api/messages', (context) => {
    messages.clear();
    return context.body(null, 204);
  });
  app.get('/api/messages/live', (context) => live(context, messages));

  app.post('/api/notifications', async (context) => {
    const body = Notified.safeParse(await context.req.json().catch(() => undefined));
    if (!body.success) return context.json({ error: 'Send {"customer_id": n}.' }, 400);
    await notify(body.data.customer_id);
    return context.body(null, 204);
  });

  app.get('/api/requests', (context) => context.json(requests.all()));
  app.delete('/api/requests', (context) => {
    requests.clear();
    return context.body(null, 204);
  });
  app.get('/api/requests/live', (context) => live(context, requests));

  app.get('/api/regions', async (context) => context.json({ api: apiOf(context), ...(await regionMap()) }));

  app.get('/api/failures', async (context) => context.json(await sandbox.failures()));

  app.get('/api/clock', (context) => context.json(clock()));
  app.post('/api/clock', async (context) => {
    const body = Advance.safeParse(await context.req.json().catch(() => undefined));
    const offset = config.clockOffsetSeconds + (body.data?.advance_seconds ?? Number.NaN);
    if (!(Math.abs(offset) <= mostSeconds)) {
      return context.json(
        { error: 'Send {"advance_seconds": n} with a whole number, up to a hundred years in all.' },
        400,
      );
    }
    process.env.CLOCK_OFFSET_SECONDS = String(offset);
    await clockMoved();
    return context.json(clock());
  });
  app.delete('/api/clock', (context) => {
    process.env.CLOCK_OFFSET_SECONDS = '0';
    return context.body(null, 204);
  });

  app.get('/api/faults', (context) => context.json(sandbox.faults));
  app.put('/api/faults', async (context) => {
    const body = Faults.safeParse(await context.req.json().catch(() => undefined));
    if (!body.success) return context.json({ error: `Send any of ${Object.keys(Faults.shape).join(', ')}.` }, 400);
    sandbox.faults = body.data;
    return context.json(sandbox.faults);
  });
  return app;
}

/** Notifies a page at once, and then after each change. */
function live(context: Context, feed: Pick<Feed<object>, 'listen'>): Response {
  return streamSSE(context, async (stream) => {
    const tell = () => stream.writeSSE({ event: 'change', data: '' });
    const stop = feed.listen(tell);
    await tell();
    await new Promise<void>((resolve) => stream.onAbort(resolve));
    stop();
  });
}

function asset(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

/**
 * Restores plus signs, which query strings decode to spaces. Developers do not type `%2B`, and
 * neither phone numbers nor push tokens contain spaces.
 */
function phoneOrToken(to: string | undefined): string | undefined {
  return to?.replaceAll(' ', '+');
}

function clock() {
  return { now: new Date(nowSeconds() * 1000).toISOString(), offset_seconds: config.clockOffsetSeconds };
}
