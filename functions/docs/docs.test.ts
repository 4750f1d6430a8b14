import { readFileSync } from 'node:fs';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Endpoint } from '../../lib/http/endpoint.ts';
import { lambdaContext, restEvent } from '../../lib/testing/event.ts';
import { useWorld } from '../../lib/testing/world.ts';
import { handler as getAsset } from './asset.ts';
import { handler as getPage } from './page.ts';
import { handler as getSchema } from './schema.ts';

const world = useWorld();

/** Calls a handler behind a host and a stage or base path, as a browser does. */
function browse(handler: Endpoint, resource: string, { base = '', params, headers }: Partial<Request> = {}) {
  const event = restEvent({
    method: 'GET',
    resource,
    headers: { Host: 'shop.example.com', 'X-Forwarded-Proto': 'https', Accept: 'text/html,*/*;q=0.8', ...headers },
    ...(params && { params }),
  });
  const path = `${base}${resource.replace('{asset}', params?.asset ?? '')}/`;
  return handler(
    { ...event, requestContext: { ...event.requestContext, path } } as APIGatewayProxyEvent,
    lambdaContext(),
  );
}
interface Request {
  base: string;
  params: Record<string, string>;
  headers: Record<string, string>;
}

describe('getSchema', () => {
  test('answers the committed document, with the address of the API that was asked', async () => {
    const committed = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'));
    for (const [base, url] of [
      ['', 'https://shop.example.com'],
      ['/prod', 'https://shop.example.com/prod'],
    ]) {
      const { statusCode, body } = await browse(getSchema, '/api/schema', { base: base ?? '' });
      expect([statusCode, JSON.parse(body)]).toEqual([200, { ...committed, servers: [{ url }] }]);
    }
  });

  test('may be kept for five minutes, and is not sent twice', async () => {
    const { headers } = await browse(getSchema, '/api/schema');
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=300' });
    const again = await browse(getSchema, '/api/schema', { headers: { 'If-None-Match': String(headers?.etag) } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });
});

describe('the docs page', () => {
  test('loads its scripts from the API that serves it, and may load no others', async () => {
    const { statusCode, headers, body } = await browse(getPage, '/api/docs', { base: '/prod' });
    expect([statusCode, headers?.['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain('<script src="/prod/api/docs/swagger-ui.js/"></script>');
    const policy = String(headers?.['Content-Security-Policy']);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(policy).toContain("connect-src 'self';");
    expect(policy.replace("style-src 'self' 'unsafe-inline'", '')).not.toContain('unsafe');
    for (const [source] of body.matchAll(/(src|href)="[^"]+"/g)) {
      expect(source).toMatch(/"(\/prod\/api\/docs\/[\w.-]+\/|data:,)"$/);
    }
  });

  test('signs a developer in, in the local stack alone', async () => {
    world.set({ LOCAL_SITE_URL: 'http://localhost:4000' });
    expect((await browse(getPage, '/api/docs')).body).toContain('id="sign-in"');
    world.set({ STAGE: 'prod' });
    const { body, headers } = await browse(getPage, '/api/docs');
    expect(body).not.toContain('id="sign-in"');
    expect(JSON.stringify(headers)).not.toContain('localhost');
  });

  test('is the same for every host, so that any cache may keep it', async () => {
    const bodyFor = async (Host: string) => (await browse(getPage, '/api/docs', { headers: { Host } })).body;
    expect(await bodyFor('x"><script>steal()</script>')).toBe(await bodyFor('shop.example.com'));
  });

  test.each([
    ['swagger-ui.js', 'text/javascript'],
    ['swagger-ui.css', 'text/css'],
    ['docs.js', 'text/javascript'],
    ['docs.css', 'text/css'],
  ])('has %s', async (asset, mediaType) => {
    const { statusCode, headers, body } = await browse(getAsset, '/api/docs/{asset}', { params: { asset } });
    expect([statusCode, headers?.['content-type']]).toEqual([200, `${mediaType}; charset=utf-8`]);
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=3600', etag: expect.any(String) });
    expect(body.length).toBeGreaterThan(100);
  });

  test.each(['index.html', '../package.json', '%2e%2e%2fpackage.json', '__proto__', ''])('has no %j', async (asset) => {
    const { statusCode, body } = await browse(getAsset, '/api/docs/{asset}', { params: { asset } });
    expect([statusCode, JSON.parse(body).errors[0].code]).toEqual([404, 'not_found']);
  });

  test('is not for clients that take JSON alone', async () => {
    const { statusCode } = await browse(getPage, '/api/docs', { headers: { Accept: 'application/json' } });
    expect(statusCode).toBe(406);
  });
});
