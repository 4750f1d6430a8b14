import { Hono } from 'hono';
import { onlyFromHere } from './guard.ts';

const app = new Hono().use(onlyFromHere).post('/api/clock', (context) => context.text('moved'));
const statusFor = async (headers: Record<string, string>) =>
  (await app.request('/api/clock', { method: 'POST', headers })).status;

test.each([
  ['a script', { host: 'localhost:4000' }],
  ['a script that uses the IP address', { host: '127.0.0.1:4500' }],
  ['a container that uses the host name', { host: 'stack:4000' }],
  ['a phone on the same network', { host: '192.168.1.5:4000' }],
  ['an Android emulator that uses the address of its host', { host: '10.0.2.2:4000' }],
  ['a phone over IPv6', { host: '[fd00::5]:4000' }],
  ['a page shown on a phone', { host: '192.168.1.5:4000', origin: 'http://192.168.1.5:4000' }],
  ['the docs page shown on a phone', { host: '192.168.1.5:4000', origin: 'http://192.168.1.5:3000' }],
  ['its own page', { host: 'localhost:4000', origin: 'http://localhost:4000' }],
  ['the docs page of the API', { host: 'localhost:4000', origin: 'http://127.0.0.1:3000' }],
])('%s may use the stack', async (_, headers) => {
  expect(await statusFor(headers)).toBe(200);
});

test.each([
  ['another site', { host: 'localhost:4000', origin: 'https://shop.example.com' }],
  ['a page without an origin', { host: 'localhost:4000', origin: 'null' }],
  ['a site at an IP address', { host: '127.0.0.1:4000', origin: 'http://192.0.2.7' }],
  ['a domain name that points to this machine', { host: 'rebound.example.com:4000' }],
  ['an IP address of the internet', { host: '198.51.100.7:4000' }],
  ['a page of another machine on the network', { host: '192.168.1.5:4000', origin: 'http://192.168.1.6:3000' }],
  ['a domain name that contains a local IP address', { host: '192.168.1.5.example.com:4000' }],
  ['a request without a host', {}],
  ['a domain name that resembles an allowed one', { host: 'localhost.example.com' }],
])('%s may not use the stack', async (_, headers) => {
  expect(await statusFor(headers)).toBe(403);
});
