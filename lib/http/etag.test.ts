import { handler as listNotifications } from '../../functions/notifications/list.ts';
import { project, readRoutes } from '../openapi/routes.ts';
import { lambdaContext, restEvent } from '../testing/stage/event.ts';
import { signIn } from '../testing/stage/signIn.ts';
import { useWorld } from '../testing/stage/world.ts';
import type { Endpoint } from './endpoint.ts';

const world = useWorld();

const hostile = {
  Host: 'evil.example.com',
  Forwarded: 'host=evil.example.com;proto=http',
  'X-Forwarded-Host': 'evil.example.com',
  'X-Forwarded-Proto': 'evil',
  'X-Forwarded-Port': '6666',
  'X-Forwarded-Prefix': '/evil',
  'X-Forwarded-For': '192.0.2.66',
  'X-Original-URL': '/evil',
  'X-Rewrite-URL': '/evil',
  'X-Host': 'evil.example.com',
  'User-Agent': 'evil',
  Referer: 'https://evil.example.com/',
  Cookie: 'evil=1',
};

test('a response that shared caches may store does not depend on made-up headers', async () => {
  const cached: string[] = [];
  for (const { file, method, resource } of readRoutes()) {
    const { handler } = (await import(`${project}/${file}.ts`)) as { handler: Endpoint };
    if (method !== 'GET' || handler.contract.auth) continue;
    const get = async (headers: Record<string, string>) => {
      const params = { asset: 'docs.js' };
      const accept = { Accept: '*/*' };
      const event = restEvent({ method, resource, params, headers: { ...accept, ...headers } });
      const response = await handler(event, lambdaContext());
      const { 'x-request-id': _, ...others } = response.headers ?? {};
      return { ...response, headers: others };
    };
    const response = await get({});
    if (!String(response.headers['cache-control']).startsWith('public')) continue;
    cached.push(resource);
    expect(await get(hostile)).toEqual(response);
  }
  expect(cached).toEqual(
    expect.arrayContaining([
      '/api/schema',
      '/api/docs',
      '/api/docs/{asset}',
      '/api/countries',
      '/.well-known/jwks.json',
    ]),
  );
});

test('a page of a private list is not stored by caches, because its links contain the requested host', async () => {
  const { access } = await signIn(world);
  const { status, headers } = await world.call(listNotifications, { method: 'GET', token: access, headers: hostile });
  expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
});
