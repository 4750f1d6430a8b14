import { Hono } from 'hono';
import { onlyFromHere } from './guard.ts';

const app = new Hono().use(onlyFromHere).post('/api/clock', (context) => context.text('moved'));
const statusFor = async (headers: Record<string, string>) =>
  (await app.request('/api/clock', { method: 'POST', headers })).status;

test.each([
  ['a script', { host: 'localhost:4000' }],
  ['a script that uses the address', { host: '127.0.0.1:4500' }],
  ['a container that calls it by its name', { host: 'stack:4000' }],
  ['a phone on the same network', { host: '192.168.1.5:4000' }],
  ["an Android emulator, by its host's address", { host: '10.0.2.2:4000' }],
  ['a phone over IPv6', { host: '[fd00::5]:4000' }],
  ['a page that a phone shows', { host: '192.168.1.5:4000', origin: 'http://192.168.1.5:4000' }],
  ['the docs page that a phone shows', { host: '192.168.1.5:4000', origin: 'http://192.168.1.5:3000' }],
  ['its own page', { host: 'localhost:4000', origin: 'http://localhost:4000' }],
  ['the docs page of the API', { host: 'localhost:4000', origin: 'http://127.0.0.1:3000' }],
])('%s may use the stack', async (_, headers) => {
  expect(await statusFor(headers)).toBe(200);
});

test.each([
  ['another site', { host: 'localhost:4000', origin: 'https://shop.example.com' }],
  ['a page without an origin of its own', { host: 'localhost:4000', origin: 'null' }],
  ['a site at an address', { host: '127.0.0.1:4000', origin: 'http://192.0.2.7' }],
  ['a name that points here', { host: 'rebound.example.com:4000' }],
  ['an address of the internet', { host: '198.51.100.7:4000' }],
  ['a page of another machine on the network', { host: '192.168.1.5:4000', origin: 'http://192.168.1.6:3000' }],
  ['a name that holds an address', { host: '192.168.1.5.example.com:4000' }],
  ['a request to no host', {}],
  ['a name that looks like ours', { host: 'localhost.example.com' }],
])('%s may not', async (_, headers) => {
  expect(await statusFor(headers)).toBe(403);
});
