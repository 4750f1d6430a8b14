import { createHash } from 'node:crypto';
import * as z from 'zod';
import { handler as sendOtp } from '../../functions/auth/sendOtp.ts';
import { lambdaContext, restEvent } from '../testing/stage/event.ts';
import { logOf } from '../testing/stage/log.ts';
import { useWorld } from '../testing/stage/world.ts';
import { endpoint } from './endpoint.ts';

const world = useWorld();

const whoami = endpoint(
  { summary: 'Return the address of the client.', returns: { 200: z.object({ clientIp: z.string() }) } },
  ({ clientIp }) => ({ clientIp }),
);
const secret = 'the-secret-of-the-cdn';
const cdn = (header: string) => {
  world.set({
    CLIENT_IP_HEADER: header,
    CLIENT_IP_SECRET_HEADER: 'X-Cdn-Secret',
    CLIENT_IP_SECRET_SHA256: createHash('sha256').update(secret).digest('hex'),
  });
};
/** Returns the client IP of a request from 203.0.113.7, with headers as API Gateway sends them. */
const readClientIp = async (headers: Record<string, string | string[]>) => {
  const event = restEvent({ method: 'GET' });
  for (const [name, values] of Object.entries(headers)) {
    event.headers[name] = [values].flat().at(-1);
    event.multiValueHeaders[name] = [values].flat();
  }
  return JSON.parse((await whoami(event, lambdaContext())).body).clientIp;
};
const sourceIp = '203.0.113.7';

test('the client IP is the source IP address without a CDN, whatever headers a client sends', async () => {
  const headers = { 'X-Forwarded-For': '198.51.100.7', 'CF-Connecting-IP': '198.51.100.7', 'X-Cdn-Secret': secret };
  expect(await readClientIp(headers)).toBe(sourceIp);
});

test.each<[string, Record<string, string | string[]>]>([
  ['no secret', {}],
  ['an empty secret', { 'X-Cdn-Secret': '' }],
  ['a wrong secret', { 'X-Cdn-Secret': `${secret}.` }],
  ['the hash of the secret', { 'X-Cdn-Secret': createHash('sha256').update(secret).digest('hex') }],
  ['the secret among several', { 'X-Cdn-Secret': ['guess', secret] }],
  ['the secret in a list', { 'X-Cdn-Secret': `guess, ${secret}` }],
])('the client IP is the source IP address if a client spoofs the header with %s', async (_, headers) => {
  cdn('CF-Connecting-IP');
  expect(await readClientIp({ 'CF-Connecting-IP': '198.51.100.7', ...headers })).toBe(sourceIp);
});

test.each([
  ['CF-Connecting-IP', '198.51.100.7', '198.51.100.7'],
  ['CF-Connecting-IP', ' 198.51.100.7 ', '198.51.100.7'],
  ['cf-connecting-ip', '2001:db8::1', '2001:db8::1'],
  ['CF-Connecting-IP', '2001:db8::1:443', '2001:db8::1:443'],
  ['CF-Connecting-IP', '::ffff:198.51.100.7', '::ffff:198.51.100.7'],
  ['X-Client', '198.51.100.7:443', '198.51.100.7'],
  ['X-Client', '[2001:db8::1]:443', '2001:db8::1'],
  ['X-Client', '[2001:db8::1]', '2001:db8::1'],
  ['CloudFront-Viewer-Address', '198.51.100.7:443', '198.51.100.7'],
  ['CloudFront-Viewer-Address', '2001:db8::1:443', '2001:db8::1'],
  ['CloudFront-Viewer-Address', '2001:db8:0:0:0:0:0:1:46532', '2001:db8:0:0:0:0:0:1'],
  ['CloudFront-Viewer-Address', '::ffff:198.51.100.7:443', '::ffff:198.51.100.7'],
  ['X-Forwarded-For', '198.51.100.7', '198.51.100.7'],
  ['X-Forwarded-For', '1.1.1.1, 198.51.100.7', '198.51.100.7'],
  ['X-Forwarded-For', `1.1.1.1, 198.51.100.7, ${sourceIp}`, '198.51.100.7'],
  ['X-Forwarded-For', ['1.1.1.1', `198.51.100.7, ${sourceIp}`], '198.51.100.7'],
  ['X-Forwarded-For', sourceIp, sourceIp],
])(
  'the client IP is the IP address in the header of the CDN if the secret matches: %s: %s',
  async (header, value, address) => {
    cdn(header);
    expect(await readClientIp({ [header]: value, 'x-cdn-secret': secret })).toBe(address);
  },
);

test.each([
  ['CF-Connecting-IP', ''],
  ['CF-Connecting-IP', 'unknown'],
  ['CF-Connecting-IP', '198.51.100'],
  ['CF-Connecting-IP', '0x7f.1'],
  ['CF-Connecting-IP', '198.51.100.007'],
  ['CF-Connecting-IP', '198.51.100.7:'],
  ['CF-Connecting-IP', '198.51.100.7:http'],
  ['CF-Connecting-IP', 'fe80::1%eth0'],
  ['CF-Connecting-IP', '[198.51.100.7'],
  ['CF-Connecting-IP', '198.51.100.7/24'],
  ['CF-Connecting-IP', '198.51.100.7, 198.51.100.8'],
  ['CF-Connecting-IP', ['198.51.100.7', '198.51.100.8']],
  ['CloudFront-Viewer-Address', '2001:db8:0:0:0:0:0:1'],
  ['X-Forwarded-For', '198.51.100.7, unknown'],
  ['X-Forwarded-For', ', '],
])('the client IP is the source IP address if the CDN sends no valid IP address: %s: %s', async (header, value) => {
  cdn(header);
  expect(await readClientIp({ [header]: value, 'X-Cdn-Secret': secret })).toBe(sourceIp);
  expect(await readClientIp({ 'X-Cdn-Secret': secret })).toBe(sourceIp);
});

test('rate limits apply to each client behind a CDN, and to the own IP address of a spoofer', async () => {
  cdn('CF-Connecting-IP');
  world.set({ OTP_SENDS_PER_ADDRESS_PER_HOUR: '1' });
  const send = async (headers: Record<string, string>) => {
    const body = { phone_number: world.phone(), otp_type: 'customer_auth' };
    return (await world.call(sendOtp, { body, headers, clientIp: '192.0.2.200' })).status;
  };
  const through = (address: string) => send({ 'CF-Connecting-IP': address, 'X-Cdn-Secret': secret });
  expect(await through('198.51.100.21')).toBe(200);
  expect(await through('::ffff:198.51.100.21')).toBe(429);
  expect(await through('198.51.100.22')).toBe(200);
  expect(await send({ 'CF-Connecting-IP': '198.51.100.23' })).toBe(200);
  expect(await send({ 'CF-Connecting-IP': '198.51.100.24' })).toBe(429);
});

test('the log contains neither the secret of the CDN nor an IP address', async () => {
  cdn('CF-Connecting-IP');
  const lines = await logOf(() => readClientIp({ 'CF-Connecting-IP': '198.51.100.7', 'X-Cdn-Secret': secret }));
  expect(lines.join()).toContain('"request_completed"');
  expect(lines.join()).not.toMatch(new RegExp(`${secret}|198\\.51`));
});
