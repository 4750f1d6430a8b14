import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findServiceUrl } from './serviceUrl.ts';
import { signedFetch } from './signedFetch.ts';

let server: Server;
/** Responses of the service in turn. The last one repeats. */
let responses: ((response: ServerResponse) => unknown)[];
let requests: { authorization: string | undefined; body: string }[];

const ok = (response: ServerResponse) => response.end('ok');
const busy = (response: ServerResponse) => response.writeHead(503).end();
const hangUp = (response: ServerResponse) => response.destroy();
const neverRespond = () => undefined;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ authorization: request.headers.authorization, body });
    (responses.length > 1 ? responses.shift() : responses[0])?.(response);
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

const fault = (code: string) => (response: ServerResponse) =>
  response.writeHead(400).end(`<ErrorResponse><Error><Code>${code}</Code></Error></ErrorResponse>`);
const jsonFault = (code: string) => (response: ServerResponse) =>
  response.writeHead(400).end(JSON.stringify({ __type: `com.amazonaws.ssm#${code}` }));

const sendRequest = (timeoutMs = 5_000) =>
  signedFetch('sns', '', { method: 'POST', headers: {}, body: 'a=b', timeoutMs });

test('signedFetch signs each request for its service and region', async () => {
  responses = [ok];
  expect(await sendRequest()).toBe('ok');
  expect(requests).toEqual([
    {
      authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/eu-central-1\/sns\//),
      body: 'a=b',
    },
  ]);
});

const problems: [string, (response: ServerResponse) => unknown, string][] = [
  ['is busy', busy, 'SnsStatus503'],
  ['throttles in XML', fault('Throttling'), 'SnsThrottling'],
  ['throttles in JSON', jsonFault('ThrottlingException'), 'SnsThrottlingException'],
  ['cuts the connection', hangUp, 'SnsUnreachable'],
];

test.each(problems)('signedFetch retries once, with the same body, when the service %s', async (_, problem) => {
  responses = [problem, ok];
  expect(await sendRequest()).toBe('ok');
  expect(requests.map(({ body }) => body)).toEqual(['a=b', 'a=b']);
});

test.each(problems)(
  'signedFetch makes at most two attempts when the service %s, and throws its error',
  async (_, problem, name) => {
    responses = [hangUp, problem];
    await expect(sendRequest()).rejects.toMatchObject({ name });
    expect(requests).toHaveLength(2);
  },
);

test('signedFetch reads the error code of SES from its header', async () => {
  process.env.AWS_ENDPOINT_URL_SESV2 = process.env.AWS_ENDPOINT_URL_SNS;
  responses = [
    (response) => response.writeHead(400, { 'x-amzn-errortype': 'MessageRejected:http://x/' }).end('{"message":""}'),
  ];
  const sending = signedFetch('ses', '/v2/email/outbound-emails', { method: 'POST', headers: {}, timeoutMs: 5_000 });
  await expect(sending).rejects.toMatchObject({ name: 'SesMessageRejected', isDefinite: true });
  expect(requests.map(({ authorization }) => authorization)).toEqual([expect.stringMatching(/\/eu-central-1\/ses\//)]);
});

test('signedFetch does not retry a permanent error', async () => {
  responses = [fault('OptedOut')];
  await expect(sendRequest()).rejects.toMatchObject({ name: 'SnsOptedOut' });
  expect(requests).toHaveLength(1);
});

test('signedFetch does not know the outcome if an earlier attempt may have been processed', async () => {
  responses = [busy, fault('AccessDenied')];
  await expect(sendRequest()).rejects.toMatchObject({ name: 'SnsAccessDenied', isDefinite: false });
});

test('signedFetch times out after two attempts when the service never responds', async () => {
  responses = [neverRespond];
  await expect(sendRequest(50)).rejects.toMatchObject({ name: 'SnsTimeout' });
  expect(requests).toHaveLength(2);
});

test.each([
  ['eu-central-1', 'https://s3.eu-central-1.amazonaws.com'],
  ['cn-north-1', 'https://s3.cn-north-1.amazonaws.com.cn'],
  ['eusc-de-east-1', 'https://s3.eusc-de-east-1.amazonaws.eu'],
])('findServiceUrl returns the service URL of %s', (region, endpoint) => {
  process.env.AWS_REGION = region;
  expect(findServiceUrl('s3')).toBe(endpoint);
  delete process.env.AWS_ENDPOINT_URL_SESV2;
  expect(findServiceUrl('ses')).toBe(endpoint.replace('//s3.', '//email.'));
});
