import { png } from '../../lib/testing/fixtures/images.ts';
import { StackRunner } from '../../lib/testing/stage/localStack.ts';

const runner = new StackRunner();
let api: string;
let site: string;

beforeAll(async () => {
  await runner.findPorts();
  await runner.start({}, [], 'petstore').ready();
  [api, site] = [`${runner.url('API_PORT')}/v2`, runner.url('LOCAL_PORT')];
});
afterAll(() => runner.stop());

const post = (path: string, body: unknown) =>
  fetch(api + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const get = async (path: string) => (await fetch(api + path)).json();

test('the stack adds a pet, finds it, changes it by a form, stores its photo and deletes it over HTTP', async () => {
  const added = await post('/pet', {
    id: 10,
    name: 'doggie',
    photoUrls: [],
    tags: [{ name: 'good' }],
    status: 'available',
  });
  expect(added.status).toBe(200);
  expect(await get('/pet/findByStatus?status=pending&status=available')).toEqual([await added.json()]);
  expect(await get('/pet/findByTags?tags=bad,good')).toHaveLength(1);
  const changed = await fetch(`${api}/pet/10`, { method: 'POST', body: new URLSearchParams({ status: 'sold' }) });
  expect([changed.status, await get('/store/inventory')]).toEqual([200, { available: 0, pending: 0, sold: 1 }]);
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(png)], { type: 'image/png' }), 'dog.png');
  expect((await fetch(`${api}/pet/10/uploadImage`, { method: 'POST', body: form })).status).toBe(200);
  const { photoUrls } = (await get('/pet/10')) as { photoUrls: string[] };
  expect(
    Buffer.from(await (await fetch(photoUrls[0] ?? '')).arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  const remove = (headers: Record<string, string>) => fetch(`${api}/pet/10`, { method: 'DELETE', headers });
  expect([(await remove({})).status, (await remove({ api_key: 'special-key' })).status]).toEqual([401, 200]);
  expect((await fetch(photoUrls[0] ?? '')).status).toBe(404);
});

test('the stack logs a user in and out over HTTP', async () => {
  await post('/user', { username: 'ann lee', password: '12345' });
  expect(await get('/user/ann%20lee')).toMatchObject({ username: 'ann lee' });
  const login = await fetch(`${api}/user/login?username=ann%20lee&password=12345`);
  expect([login.status, login.headers.get('x-rate-limit')]).toEqual([200, '5000']);
  expect(Date.parse(login.headers.get('x-expires-after') ?? '')).toBeGreaterThan(Date.now());
  const headers = { authorization: `Bearer ${await login.json()}` };
  const statuses = [];
  for (const path of ['/store/inventory', '/user/logout', '/store/inventory'])
    statuses.push((await fetch(api + path, { headers })).status);
  expect(statuses).toEqual([200, 200, 401]);
});

test('path values are decoded once, as behind API Gateway', async () => {
  for (const username of ['100%', 'a/b', 'a%2Fb']) {
    expect((await post('/user', { username })).status).toBe(200);
    expect(await get(`/user/${encodeURIComponent(username)}`)).toMatchObject({ username });
  }
  expect((await fetch(`${api}/user/a%252Fb`, { method: 'DELETE' })).status).toBe(200);
  expect(await get('/user/a%2Fb')).toMatchObject({ username: 'a/b' });
});

test('browsers may send the key and read the rate limit, and wrong paths and methods have their own errors', async () => {
  const preflight = await fetch(`${api}/pet/10`, {
    method: 'OPTIONS',
    headers: { origin: 'https://shop.example.com', 'access-control-request-method': 'DELETE' },
  });
  expect(preflight.headers.get('access-control-allow-headers')).toContain('api_key');
  expect(preflight.headers.get('access-control-expose-headers')).toContain('x-rate-limit');
  const [unknown, wrong] = [await fetch(`${api}/cat`), await fetch(`${api}/pet`, { method: 'PATCH' })];
  expect([unknown.status, await unknown.json()]).toEqual([
    404,
    { code: 404, type: 'not_found', message: 'Not found.' },
  ]);
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST, PUT']);
});

test('the site shows the requests of this service, and no pages of the other one', async () => {
  expect(await (await fetch(`${site}/api/site`)).json()).toEqual({
    service: 'petstore',
    api: runner.url('API_PORT'),
    pages: [{ name: 'Requests', path: '/requests' }],
  });
  expect(await (await fetch(site)).text()).toContain('<title>Requests');
  expect((await fetch(`${site}/regions`)).status).toBe(404);
  const requests = (await (await fetch(`${site}/api/requests`)).json()) as { operation: string }[];
  expect(requests.map(({ operation }) => operation)).toContain('findPetsByTags');
});
