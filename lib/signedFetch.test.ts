import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signedFetch } from './signedFetch.ts';

let server: Server;
/** What the service does with each request, in turn; the last one holds for all that follow. */
let answers: ((response: ServerResponse) => void)[];
let requests: { authorization: string | undefined; body: string }[];

const ok = (response: ServerResponse) => response.end('fine');
const busy = (response: ServerResponse) => response.writeHead(503).end();
const hangUp = (response: ServerResponse) => response.destroy();
const silent = () => undefined;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ authorization: request.headers.authorization, body });
    (answers.length > 1 ? answers.shift() : answers[0])?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env.AWS_REGION = 'eu-central-1';
  process.env.AWS_ACCESS_KEY_ID = 'key';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  process.env.AWS_ENDPOINT_URL_SNS = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  requests = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask = (options: { timeoutMs?: number; retries?: number } = {}) => {
  const request = { method: 'POST', headers: {}, body: 'a=b', timeoutMs: 5_000, retries: 1, ...options };
  return signedFetch('sns', '', request, async (response) => [response.status, await response.text()]);
};

test('signs what it sends for the service and its region', async () => {
  answers = [ok];
  expect(await ask()).toEqual([200, 'fine']);
  expect(requests).toEqual([
    {
      authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/eu-central-1\/sns\//),
      body: 'a=b',
    },
  ]);
});

test.each([
  ['is busy', busy],
  ['cuts the connection', hangUp],
])('asks again, with the same body, when the service %s', async (_, problem) => {
  answers = [problem, ok];
  expect(await ask()).toEqual([200, 'fine']);
  expect(requests.map(({ body }) => body)).toEqual(['a=b', 'a=b']);
});

test('asks no more often than it was told', async () => {
  answers = [busy];
  expect(await ask()).toEqual([503, '']);
  expect(requests).toHaveLength(2);
  answers = [hangUp];
  await expect(ask()).rejects.toThrow();
  expect(requests).toHaveLength(4);
});

test('gives up on a service that is silent, and says which one it is', async () => {
  answers = [silent];
  await expect(ask({ timeoutMs: 50 })).rejects.toThrow('SNS did not answer within 50 ms.');
  expect(requests).toHaveLength(1);
});
