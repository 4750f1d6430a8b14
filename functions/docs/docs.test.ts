import { readFileSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import swaggerUi from 'swagger-ui-dist/package.json' with { type: 'json' };
import type { Endpoint } from '../../lib/http/endpoint.ts';
import { lambdaContext, restEvent } from '../../lib/testing/stage/event.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as getAsset } from './asset.ts';
import { handler as getPage } from './page.ts';
import { handler as getSchema } from './schema.ts';

const world = useWorld();
const { version } = swaggerUi;

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
  test('returns the committed document with the base path of the request', async () => {
    const committed = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'));
    for (const [base, url] of [
      ['', '/'],
      ['/prod', '/prod'],
    ]) {
      const { statusCode, body } = await browse(getSchema, '/api/schema', { base: base ?? '' });
      expect([statusCode, JSON.parse(body)]).toEqual([200, { ...committed, servers: [{ url }] }]);
    }
  });

  test('can be cached for five minutes, and returns 304 for a matching ETag', async () => {
    const { headers } = await browse(getSchema, '/api/schema');
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=300' });
    const again = await browse(getSchema, '/api/schema', { headers: { 'If-None-Match': String(headers?.etag) } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });
});

describe('a large public response', () => {
  const browseAll = (headers: Record<string, string>) =>
    Promise.all([
      browse(getSchema, '/api/schema', { headers }),
      browse(getPage, '/api/docs', { headers }),
      browse(getAsset, '/api/docs/{asset}', { headers, params: { asset: 'swagger-ui.js' } }),
    ]);
  const decoders = { br: brotliDecompressSync, gzip: gunzipSync };

  test.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['GZIP;q=1.0, br; q=0.5', 'gzip'],
    ['*', 'br'],
    ['br;q=0, *;q=0.1', 'gzip'],
  ] as const)('is compressed for a client that sends Accept-Encoding: %s', async (encoding, coding) => {
    const plain = await browseAll({});
    const compressed = await browseAll({ 'Accept-Encoding': encoding });
    for (const [index, { headers, body, isBase64Encoded }] of compressed.entries()) {
      expect(headers).toMatchObject({
        'content-encoding': coding,
        'content-type': plain[index]?.headers?.['content-type'],
        Vary: expect.stringContaining('Accept-Encoding'),
      });
      expect([isBase64Encoded, decoders[coding](Buffer.from(body, 'base64')).toString()]).toEqual([
        true,
        plain[index]?.body,
      ]);
    }
    expect(compressed[2]?.body.length).toBeLessThan(700_000);
  });

  test.each(['', 'identity', 'gzip;q=0', 'br;q=0, gzip;q=0', 'zstd', 'gzip;q=x', '*;q=0'])(
    'is not compressed for a client that sends Accept-Encoding: %s',
    async (encoding) => {
      for (const { headers, isBase64Encoded } of await browseAll({ 'Accept-Encoding': encoding })) {
        expect([headers?.['content-encoding'], isBase64Encoded]).toEqual([undefined, undefined]);
        expect(headers).toMatchObject({ Vary: expect.stringContaining('Accept-Encoding') });
      }
    },
  );

  test('has an ETag for each coding, and returns 304 for a matching one', async () => {
    const [plain, gzip, br] = await Promise.all(
      [{}, { 'Accept-Encoding': 'gzip' }, { 'Accept-Encoding': 'br' }].map(browseAll),
    );
    for (const index of [0, 1, 2]) {
      const etags = [plain, gzip, br].map((responses) => String(responses?.[index]?.headers?.etag));
      expect(new Set(etags).size).toBe(3);
      const again = await browseAll({ 'Accept-Encoding': 'gzip', 'If-None-Match': String(etags[1]) });
      expect([again[index]?.statusCode, again[index]?.body, again[index]?.headers?.['content-encoding']]).toEqual([
        304,
        '',
        undefined,
      ]);
    }
  });

  test('is 404 on a stage without docs, except the document', async () => {
    world.set({ DOCS: 'false' });
    expect((await browseAll({})).map(({ statusCode }) => statusCode)).toEqual([200, 404, 404]);
  });
});

describe('the docs page', () => {
  test('loads scripts only from the API that serves it', async () => {
    const { statusCode, headers, body } = await browse(getPage, '/api/docs', { base: '/prod' });
    expect([statusCode, headers?.['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain(`<script src="/prod/api/docs/swagger-ui-${version}.js/"></script>`);
    const policy = String(headers?.['Content-Security-Policy']);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(policy).toContain("connect-src 'self';");
    expect(policy.replace("style-src 'self' 'unsafe-inline'", '')).not.toContain('unsafe');
    for (const [source] of body.matchAll(/(src|href)="[^"]+"/g)) {
      expect(source).toMatch(/"(\/prod\/api\/docs\/[\w.-]+\/|data:,)"$/);
    }
  });

  test('offers sign-in only in the local stack', async () => {
    world.set({ LOCAL_SITE_URL: 'http://localhost:4000' });
    expect((await browse(getPage, '/api/docs')).body).toContain('id="sign-in"');
    world.set({ STAGE: 'prod' });
    const { body, headers } = await browse(getPage, '/api/docs');
    expect(body).not.toContain('id="sign-in"');
    expect(JSON.stringify(headers)).not.toContain('localhost');
  });

  test('is the same for every host, so any cache can store it', async () => {
    const bodyFor = async (Host: string) => (await browse(getPage, '/api/docs', { headers: { Host } })).body;
    expect(await bodyFor('x"><script>steal()</script>')).toBe(await bodyFor('shop.example.com'));
  });

  test.each([
    ['swagger-ui.js', 'text/javascript'],
    ['swagger-ui.css', 'text/css'],
    ['docs.js', 'text/javascript'],
    ['samples.js', 'text/javascript'],
    ['docs.css', 'text/css'],
  ])('serves %s', async (asset, mediaType) => {
    const { statusCode, headers, body } = await browse(getAsset, '/api/docs/{asset}', { params: { asset } });
    expect([statusCode, headers?.['content-type']]).toEqual([200, `${mediaType}; charset=utf-8`]);
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=3600', etag: expect.any(String) });
    expect(body.length).toBeGreaterThan(100);
  });

  test.each(['swagger-ui.js', 'swagger-ui.css'])(
    'can be cached forever if the name of %s includes the version',
    async (name) => {
      const asset = name.replace('swagger-ui', `swagger-ui-${version}`);
      const { statusCode, headers } = await browse(getAsset, '/api/docs/{asset}', { params: { asset } });
      expect([statusCode, headers?.['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    },
  );

  test.each(['swagger-ui-0.0.1.js', 'index.html', '../package.json', '%2e%2e%2fpackage.json', '__proto__', ''])(
    'returns 404 for the asset %j',
    async (asset) => {
      const { statusCode, body } = await browse(getAsset, '/api/docs/{asset}', { params: { asset } });
      expect([statusCode, JSON.parse(body).errors[0].code]).toEqual([404, 'not_found']);
    },
  );

  test('returns 406 to a client that accepts only JSON', async () => {
    const { statusCode } = await browse(getPage, '/api/docs', { headers: { Accept: 'application/json' } });
    expect(statusCode).toBe(406);
  });
});
