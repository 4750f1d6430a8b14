import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { readRoutes } from '../lib/openapi/routes.ts';
import { png } from '../lib/testing/fixtures/images.ts';
import { lambdaContext } from '../lib/testing/stage/event.ts';
import { loadFunction } from '../lib/testing/stage/invoke.ts';
import { signIn } from '../lib/testing/stage/signIn.ts';
import { useWorld } from '../lib/testing/stage/world.ts';
import { type GatewayRoute, gateway, responsesIn } from './gateway.ts';
import { TooLarge } from './lambda.ts';

const world = useWorld();
let server: Server;
let port: number;
let api: string;
let watch: (event: unknown) => void = () => undefined;
let instead: (() => Promise<unknown>) | undefined;

beforeAll(async () => {
  const { default: service } = await import('../deploy/gateway.cjs');
  Object.assign(process.env, service.environment);
  const routes: GatewayRoute[] = [
    ...readRoutes().map(({ functionName: functionKey, method, path }) => ({ functionKey, method, path })),
    ...service.fallbackEvents.map(({ http }) => ({ functionKey: 'fallback', ...http })),
  ];
  server = gateway({
    routes,
    responses: responsesIn(Object.values(service.resources.Resources)),
    lambda: {
      invoke: async (key, event) => {
        watch(event);
        const run = instead ?? (async () => (await loadFunction(key))(event, lambdaContext()));
        instead = undefined;
        return run();
      },
    },
    binaryMediaTypes: ['*/*'],
    minimumCompressionSize: 2048,
    stage: 'local',
    localPort: Number(new URL(world.sandbox.url).port),
    onRequest: () => undefined,
    onResponse: () => undefined,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  api = `http://127.0.0.1:${port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

type Body = string | Uint8Array<ArrayBuffer> | Blob;

interface Raw {
  status: number;
  head: string;
  body: string;
}

/** Sends raw bytes, and returns the response once the gateway closes the connection. */
function raw(text: string | Buffer): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    // The gateway may close the connection before it has received a large request that it rejects.
    socket.on('error', (error) => (received ? undefined : reject(error)));
    socket.on('close', () => {
      const [head = '', body = ''] = received.split('\r\n\r\n', 2);
      resolve({ status: Number(head.split(' ')[1]), head: head.toLowerCase(), body });
    });
  });
}

const request = (line: string, headers: string[] = [], body = '') =>
  `${[line, 'Host: localhost', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n${body}`;
const get = (path: string, headers: string[] = []) => request(`GET ${path} HTTP/1.1`, headers);
const postCode = (headers: Record<string, string>, body: Body) =>
  fetch(`${api}/api/sms/send-auth-otp/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
const codeOf = ({ body }: Pick<Raw, 'body'>) => JSON.parse(body).errors[0].code;

test.each<[string, string, number, string]>([
  ['an unknown path', get('/api/nothing/'), 404, 'not_found'],
  ['an unknown path, with odd headers', get('/api/nothing/', ['constructor: x', '__proto__: x']), 404, 'not_found'],
  ['a path with two slashes', get('//api//countries/'), 404, 'not_found'],
  ['a path with an encoded slash', get('/api%2Fcountries/'), 404, 'not_found'],
  ['a path with dot segments', get('/api/../api/countries/'), 404, 'not_found'],
  ['a path with bytes that are not UTF-8', get('/api/docs/%cd/'), 404, 'not_found'],
  ['a path with a lone percent sign', get('/api/docs/%/'), 404, 'not_found'],
  ['a path with a NUL', get('/api/docs/%00/'), 404, 'not_found'],
  ['HEAD for a path with GET', request('HEAD /api/countries/ HTTP/1.1'), 405, ''],
  ['a method that the path does not allow', request('DELETE /api/countries/ HTTP/1.1'), 405, 'method_not_allowed'],
  ['a method of WebDAV', request('PROPFIND /api/countries/ HTTP/1.1'), 405, 'method_not_allowed'],
  ['an unknown method', request('FROB /api/countries/ HTTP/1.1'), 404, 'not_found'],
  ['CONNECT', request('CONNECT localhost:443 HTTP/1.1'), 404, 'not_found'],
  ['OPTIONS for the whole server', request('OPTIONS * HTTP/1.1'), 404, 'not_found'],
  ['bytes that are not HTTP', 'hello\r\n\r\n', 400, 'parse_error'],
  ['a request without a host', 'GET /api/countries/ HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'parse_error'],
  [
    'a length that is not a number',
    request('POST /api/refresh-token/ HTTP/1.1', ['Content-Length: abc']),
    400,
    'parse_error',
  ],
  [
    'two different lengths',
    request('POST /api/refresh-token/ HTTP/1.1', ['Content-Length: 2', 'Content-Length: 3'], '{}'),
    400,
    'parse_error',
  ],
  [
    'a length next to chunks',
    request('POST /api/refresh-token/ HTTP/1.1', ['Content-Length: 2', 'Transfer-Encoding: chunked'], '{}'),
    400,
    'parse_error',
  ],
  [
    'malformed chunks',
    request('POST /api/refresh-token/ HTTP/1.1', ['Transfer-Encoding: chunked'], 'zz\r\n'),
    400,
    'parse_error',
  ],
  ['a header without a colon', get('/api/countries/', ['nonsense']), 400, 'parse_error'],
  ['headers of more than 10 KB', get('/api/countries/', [`X-Large: ${'x'.repeat(12_000)}`]), 413, 'payload_too_large'],
  ['a path of more than 10 KB', get(`/api/${'x'.repeat(12_000)}/`), 413, 'payload_too_large'],
  [
    'a length of more than 10 MB',
    request('POST /api/refresh-token/ HTTP/1.1', ['Content-Length: 99999999']),
    413,
    'payload_too_large',
  ],
  [
    'an unknown expectation',
    request(
      'POST /api/refresh-token/ HTTP/1.1',
      ['Expect: wonders', 'Content-Type: application/json', 'Content-Length: 2'],
      '{}',
    ),
    400,
    'required',
  ],
])('%s gets an error of the API contract', async (_, bytes, status, code) => {
  const response = await raw(bytes);
  expect([response.status, response.body && codeOf(response)]).toEqual([status, code]);
  expect(response.head).toContain('content-type: application/json');
  expect(response.head).toContain('x-request-id: ');
  expect(response.head).toContain('cache-control: no-store');
});

test('a path is found with and without its slash, by a full URL, and with any query', async () => {
  for (const path of [
    '/api/countries/',
    '/api/countries',
    `http://localhost/api/countries/`,
    '/api/countries/?a=%cd&%=1&a=2#b',
  ])
    expect((await raw(get(path))).status).toBe(200);
});

test.each<[string, Buffer | string, string]>([
  ['gzip', gzipSync('{"otp_type": "customer_auth"}'), 'required'],
  ['deflate', deflateSync('{"otp_type": "customer_auth"}'), 'required'],
  ['identity', '{"otp_type": "customer_auth"}', 'required'],
  ['gzip that is corrupt', 'hello', 'parse_error'],
  ['gzip that is truncated', gzipSync('{"otp_type": "customer_auth"}').subarray(0, 20), 'parse_error'],
  ['gzip of more than 10 MB', gzipSync(Buffer.alloc(11_000_000)), 'payload_too_large'],
  ['brotli', brotliCompressSync('{}'), 'unsupported_media_type'],
])('a body in %s is handled as by API Gateway', async (name, body, code) => {
  const response = await postCode({ 'content-encoding': name.split(' ')[0] ?? '' }, new Uint8Array(Buffer.from(body)));
  expect(codeOf({ body: await response.text() })).toBe(code);
});

test('a body that is not UTF-8 and JSON in a string are not valid JSON', async () => {
  for (const body of [new Uint8Array([0x7b, 0xff, 0x7d]), '"{\\"otp_type\\": \\"customer_auth\\"}"', '{"a": 1'])
    expect((await postCode({}, body)).status).toBe(400);
});

test('an image of 4 MB is accepted, and a request that exceeds the limit of Lambda gets 413', async () => {
  const { access } = await signIn(world);
  const patch = async (bytes: number) => {
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(png), new Uint8Array(bytes)]), 'me.png');
    const headers = { authorization: `Bearer ${access}` };
    return (await fetch(`${api}/api/customers/me/update/`, { method: 'PATCH', headers, body: form })).status;
  };
  expect(await patch(1)).toBe(200);
  instead = async () => {
    throw new TooLarge('The event is larger than 6 MB.');
  };
  expect(await patch(1)).toBe(413);
});

test.each<[string, () => Promise<unknown>]>([
  ['throws', async () => Promise.reject(new Error('Secret of ours.'))],
  ['returns nothing', async () => undefined],
  ['returns a value that is not a response', async () => ({ body: {} })],
  ['returns too much', async () => Promise.reject(new TooLarge('The result is larger than 6 MB.'))],
])('a function that %s causes a 500 of the API contract', async (_, run) => {
  instead = run;
  const response = await fetch(`${api}/api/countries/`);
  expect([response.status, codeOf({ body: await response.text() })]).toEqual([500, 'error']);
});

test('large responses are compressed for clients that accept it', async () => {
  const large = { statusCode: 200, headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(3_000) };
  const encodingOf = async (body: string, accepted: string) => {
    instead = async () => ({ ...large, body });
    const response = await fetch(`${api}/api/countries/`, { headers: { 'accept-encoding': accepted } });
    expect(await response.text()).toBe(body);
    return response.headers.get('content-encoding');
  };
  expect(await encodingOf(large.body, 'gzip')).toBe('gzip');
  expect(await encodingOf('small', 'gzip')).toBeNull();
  expect(await encodingOf(large.body, 'br')).toBeNull();
});

test('repeated headers and parameters arrive as from API Gateway', async () => {
  let event: Partial<APIGatewayProxyEvent> = {};
  watch = (seen) => {
    event = structuredClone(seen) as APIGatewayProxyEvent;
  };
  await raw(get('/api/devices/a%2Fb%20c/?x=1&x=2&y=%20', ['X-Twice: one', 'x-twice: two', 'Accept: */*']));
  expect(event).toMatchObject({
    resource: '/api/devices/{registration_id}',
    path: '/api/devices/a%2Fb%20c/',
    pathParameters: { registration_id: 'a%2Fb%20c' },
    queryStringParameters: { x: '2', y: ' ' },
    multiValueQueryStringParameters: { x: ['1', '2'], y: [' '] },
    headers: { 'X-Twice': 'two', Host: 'localhost', 'X-Forwarded-Proto': 'http', 'X-Forwarded-For': '127.0.0.1' },
    multiValueHeaders: { 'X-Twice': ['one', 'two'] },
    body: null,
    isBase64Encoded: false,
    requestContext: { identity: { sourceIp: '127.0.0.1' } },
  });
});

test('a malformed request without a body gets an error about the request, not about its body', async () => {
  const response = await raw(Buffer.from(get('/api/regions/?long=٣١&lat=30')));
  expect([response.status, JSON.parse(response.body).errors]).toEqual([
    400,
    [{ code: 'parse_error', detail: 'The request is not valid HTTP.', attr: null }],
  ]);
});

test('a URL with another port is not changed', async () => {
  const { access } = await signIn(world);
  const name = `${world.sandbox.url.replace('localhost', '127.0.0.1')}5`;
  const body = JSON.stringify({ full_name: name });
  const lines = [
    'PATCH /api/customers/me/update/ HTTP/1.1',
    `Host: 10.0.2.2:${port}`,
    'Connection: close',
    `Authorization: Bearer ${access}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  const response = await raw(Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`));
  expect(JSON.parse(response.body).full_name).toBe(name);
});

test.each([
  ['10.0.2.2', '10.0.2.2'],
  ['192.168.1.5', '192.168.1.5'],
  ['localhost', 'localhost'],
  ['rebound.example.com', '127.0.0.1'],
  ['198.51.100.7', '127.0.0.1'],
])('an image has the URL %s for a client that calls the API there', async (host, shown) => {
  const { access } = await signIn(world);
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(png)]), 'me.png');
  const encoded = new Response(form);
  const body = Buffer.from(await encoded.arrayBuffer());
  const lines = [
    'PATCH /api/customers/me/update/ HTTP/1.1',
    `Host: ${host}:${port}`,
    'Connection: close',
    `Authorization: Bearer ${access}`,
    `Content-Type: ${encoded.headers.get('content-type')}`,
    `Content-Length: ${body.length}`,
  ];
  const response = await raw(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
  const { image } = JSON.parse(response.body) as { image: string };
  expect(new URL(image).hostname).toBe(shown);
  expect((await fetch(image.replace(shown, '127.0.0.1'))).status).toBe(200);
});
