import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { readRoutes } from '../lib/openapi/routes.ts';
import { png } from '../lib/testing/fixtures/images.ts';
import { feature, rectangle, regionFile } from '../lib/testing/fixtures/regions.ts';
import { type LocalStack, StackRunner } from '../lib/testing/stage/localStack.ts';

const runner = new StackRunner();
let api: string;
let site: string;
let lambda: string;

async function call(method: string, path: string, body?: unknown, token?: string) {
  const response = await fetch(`${api}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined };
}

const requestOtp = (phone: string) =>
  call('POST', '/api/sms/send-auth-otp/', { phone_number: phone, otp_type: 'customer_auth' });
const messagesTo = async (phone: string) =>
  (await fetch(`${site}/api/messages?to=${phone}`)).json() as Promise<{ kind: string; text: string }[]>;
async function signIn(phone: string) {
  expect((await requestOtp(phone)).status).toBe(200);
  const [message] = await messagesTo(phone);
  const otp = message?.text.match(/\d{6}/)?.[0];
  return call('POST', '/api/customers/authenticate/', {
    phone_number: phone,
    otp,
    device: { registration_id: `token:${phone}` },
    language: 'en',
  });
}
/** Invokes a function for operators through Lambda's API. */
const invoke = async (name: string, event: object) => {
  const url = `${lambda}/2015-03-31/functions/customer-backend-local-${name}/invocations`;
  return (await fetch(url, { method: 'POST', body: JSON.stringify(event) })).json();
};
const seed = (...words: string[]) => runScript('seed/run.ts', ...words);
/** Runs a script against the stack. Returns its exit code and its output. */
async function runScript(...words: string[]): Promise<[number | null, string]> {
  const child = spawn('node_modules/.bin/node', words, { env: { ...process.env, ...runner.ports } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return [await new Promise((resolve) => child.once('close', resolve)), output];
}
const moveClock = (seconds: number) =>
  fetch(`${site}/api/clock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ advance_seconds: seconds }),
  });

beforeAll(async () => {
  await runner.findPorts();
  api = runner.url('API_PORT');
  site = runner.url('LOCAL_PORT');
  lambda = runner.url('LAMBDA_PORT');
});

afterAll(() => runner.stop());

describe('npm start', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await runner.start({}, ['--fresh']).ready();
  });

  test('prints its URLs and the seed data, and at the end the duration', () => {
    expect(stack.output).toContain(`http://localhost:${runner.ports.API_PORT}`);
    expect(stack.output).toContain(`http://localhost:${runner.ports.LOCAL_PORT}`);
    expect(stack.output).toContain('seeded: 7 countries');
    expect(stack.banner.trimEnd().split('\n').at(-1)).toMatch(/^ready in [\d.]+ s$/);
  });

  test('prints each step', () => {
    for (const step of [
      'The configuration is read.',
      'The engine has a new table.',
      'The seed data is loaded.',
      'The functions are bundled.',
    ])
      expect(stack.banner).toMatch(new RegExp(`^ +[\\d.]+ s  ${step}$`, 'm'));
  });

  test('keeps the seed data out of the stream, so that workers process the first change immediately', async () => {
    const endpoint = runner.url('DYNAMODB_PORT');
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const streams = new DynamoDBStreamsClient({ endpoint, region: 'local', credentials });
    const { Streams = [] } = await streams.send(new ListStreamsCommand({}));
    const { StreamArn } = Streams[0] ?? {};
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
    const [shard] = StreamDescription?.Shards ?? [];
    const { ShardIterator } = await streams.send(
      new GetShardIteratorCommand({ StreamArn, ShardId: shard?.ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    expect((await streams.send(new GetRecordsCommand({ ShardIterator }))).Records).toEqual([]);
    streams.destroy();
  });

  test('rejects a second stack in its data folder, and calls to its Lambda by pages of other sites', async () => {
    const other = new StackRunner();
    await other.findPorts();
    const second = other.start({ LOCAL_DATA_FOLDER: runner.dataFolder }, ['--fresh']);
    expect(await second.ended).not.toBe(0);
    expect(second.output).toContain(
      `Another stack uses the data folder ${runner.dataFolder}; stop that one, or set LOCAL_DATA_FOLDER to another folder.`,
    );
    expect(second.output).not.toMatch(/^\s+at /m);
    await other.stop();
    const headers = { origin: 'https://shop.example.com', 'content-type': 'text/plain' };
    const url = `${lambda}/2015-03-31/functions/customer-backend-local-walletVerify/invocations`;
    expect((await fetch(url, { method: 'POST', headers, body: '{}' })).status).toBe(403);
  });

  test('rejects invalid calls to its Lambda as Lambda does', async () => {
    const post = async (name: string, body: string, headers = {}) => {
      const url = `${lambda}/2015-03-31/functions/${name}/invocations`;
      const response = await fetch(url, { method: 'POST', body, headers });
      return [
        response.status,
        response.headers.get('x-amzn-errortype') ?? response.headers.get('x-amz-function-error'),
      ];
    };
    const verify = 'customer-backend-local-walletVerify';
    expect(await post('customer-backend-local-nothing', '{}')).toEqual([404, 'ResourceNotFoundException']);
    expect(await post(verify, '{')).toEqual([400, 'InvalidRequestContentException']);
    expect(await post(verify, '{}', { 'x-amz-invocation-type': 'Event' })).toEqual([202, null]);
    expect(await post('customer-backend-local-followUp', '{"Records": 1}')).toEqual([200, 'Unhandled']);
  });

  test('stores its secrets in a file that only the owner can read', () => {
    expect(statSync(join(runner.dataFolder, 'secrets.json')).mode & 0o077).toBe(0);
  });

  test('serves the whole flow: OTP, sign-up, customer, refresh, logout, sign-in', async () => {
    const signedUp = await signIn('+966501234567');
    expect(signedUp.status).toBe(201);
    const { access, refresh, customer } = signedUp.body;
    const me = await call('GET', '/api/customers/me/', undefined, access);
    expect([me.status, me.body.id, me.body.country.code]).toEqual([200, customer.id, 'SA']);
    const refreshed = await call('POST', '/api/refresh-token/', { refresh });
    expect(refreshed.status).toBe(200);
    const logout = { refresh_token: refreshed.body.refresh, registration_id: 'token:+966501234567' };
    expect((await call('POST', '/api/users/logout-device/', logout, refreshed.body.access)).status).toBe(204);
    expect((await call('GET', '/api/customers/me/', undefined, access)).status).toBe(401);

    expect((await requestOtp('+966501234567')).status).toBe(429);
    await moveClock(60);
    const back = await signIn('+966501234567');
    expect([back.status, back.body.customer.id]).toEqual([200, customer.id]);
    expect((await call('POST', '/api/users/logout-all-devices/', undefined, back.body.access)).status).toBe(204);
    expect((await fetch(`${site}/api/clock`, { method: 'DELETE' })).status).toBe(204);
  });

  test('runs every function within its memory limit', async () => {
    const { access } = (await signIn('+966501234999')).body;
    const headers = { authorization: `Bearer ${access}`, 'content-type': 'application/json' };
    for (const { method, path } of readRoutes()) {
      const url = api + path.replace(/\{\w+\}/, 'x');
      const { status } = await fetch(url, { method, headers, ...(method !== 'GET' && { body: '{}' }) });
      expect([path, status < 500]).toEqual([path, true]);
    }
  });

  test.each(['/api/customers/me', '/api/customers/me/'])('serves %s with and without its slash', async (path) => {
    expect((await call('GET', path)).status).toBe(401);
  });

  test('serves the password flow: sign-up, login by e-mail and by phone, verification, password reset, logout', async () => {
    const phone = '+966501234500';
    const person = { name: 'Mona', last_name: 'Hassan', email: 'mona@example.com', phone, birthdate: '1990-05-17' };
    const signedUp = await call('POST', '/api/customer/auth/signup', { ...person, password: 'blue tea 42 cups' });
    expect([signedUp.status, signedUp.body.code, signedUp.body.data.phone_verified]).toEqual([200, 200, false]);
    const { token, id } = signedUp.body.data;
    const verify = (body: object) => call('POST', '/api/customer/profile/phone-verify', body, token);
    expect((await verify({})).status).toBe(409);
    const codeTo = async () => (await messagesTo(phone))[0]?.text.match(/\d{6}/)?.[0];
    expect((await verify({ verification_code: await codeTo() })).body.data.phone_verified).toBe(true);

    const logIn = (body: object, path = '/api/customer/auth') => call('POST', path, body);
    const byMail = { email: 'mona@example.com', password: 'blue tea 42 cups' };
    for (const path of ['/api/customer/auth', '/api/customer/auth/']) {
      expect((await logIn(byMail, path)).body.data.id).toBe(id);
    }
    expect((await call('GET', `/api/customer/auth/availability?phone=${phone}`)).status).toBe(423);
    expect((await call('GET', '/api/customer/auth/availability?email=free@example.com')).body.data.available).toBe(
      true,
    );
    expect(await invoke('changeSettings', { set: { enablePhoneLogin: true } })).toEqual({ enablePhoneLogin: true });
    await setTimeout(1_100);
    expect((await call('GET', '/api/customer/configurations')).body.data.enablePhoneLogin).toBe(true);
    expect((await logIn(byMail)).status).toBe(423);
    expect((await logIn({ phone, password: 'blue tea 42 cups' })).body.data.id).toBe(id);
    await invoke('changeSettings', { set: { enablePhoneLogin: false } });

    await moveClock(60);
    expect((await logIn({ phone }, '/api/customer/auth/forget_password_v2')).status).toBe(200);
    const renewal = { phone, token: await codeTo(), password: 'green tea 43 cups' };
    expect((await logIn(renewal, '/api/customer/auth/reset_password_v2')).status).toBe(200);
    expect((await call('POST', '/api/customer/auth/logout', undefined, token)).body.code).toBe(401);
    const back = await logIn({ ...byMail, password: 'green tea 43 cups' });
    expect((await call('POST', '/api/customer/auth/logout', undefined, back.body.data.token)).body.code).toBe(200);
    expect((await call('GET', '/api/customer/nothing')).body).toMatchObject({
      code: 404,
      errors: { errorDetails: [] },
    });
    expect((await call('GET', '/api/customer/auth')).body.code).toBe(405);
    expect((await fetch(`${site}/api/clock`, { method: 'DELETE' })).status).toBe(204);
  });

  test('returns the errors of the API contract', async () => {
    const responses = await Promise.all([
      call('GET', '/api/nothing/'),
      call('GET', '/'),
      call('DELETE', '/api/sms/send-auth-otp/'),
      call('POST', '/api/sms/send-auth-otp/', '{'),
      call('POST', '/api/sms/send-auth-otp/', `"${'x'.repeat(1_000_000)}"`),
      call('POST', '/api/sms/send-auth-otp/'),
    ]);
    expect(responses.map(({ status, body }) => [status, body.errors[0].code])).toEqual([
      [404, 'not_found'],
      [404, 'not_found'],
      [405, 'method_not_allowed'],
      [400, 'parse_error'],
      [413, 'payload_too_large'],
      [400, 'required'],
    ]);
    expect(responses[2]?.headers.get('allow')).toBe('POST');
    expect(responses[0]?.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('works with a typed client that is generated from its OpenAPI document, from login to logout', async () => {
    const env = { ...process.env, API_URL: api, INBOX_URL: site, PHONE: '+96897123456' };
    const client = spawn('npm', ['start', '--workspace', 'examples/client'], { env });
    let output = '';
    for (const stream of [client.stdout, client.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    expect([await new Promise((resolve) => client.once('close', resolve)), output]).toEqual([
      0,
      expect.stringMatching(
        /The wallet holds 0\.000 OMR\.\nThe device is active\.\nSigned out with 204; .* token_not_valid\.\n/,
      ),
    ]);
  });

  test('passes the smoke test, which fails without a server', async () => {
    const smoke = (...options: string[]) => runScript('scripts/smoke.ts', ...options);
    const [code, output] = await smoke('--url', api);
    expect([code, output]).toEqual([0, expect.stringMatching(/health +\d+ ms {2}ok\n.*is out +\d+ ms {2}ok\n$/s)]);
    expect((await smoke('--url', api, '--otp', '000000'))[1]).toMatch(/login +\d+ ms {2}answered 400 instead of 201/);
    const [failed, reason] = await smoke('--url', 'http://localhost:1');
    expect([failed, reason]).toEqual([1, expect.stringMatching(/health +\d+ ms {2}no answer/)]);
    expect((await smoke())[0]).toBe(1);
  });

  test('responds to the preflight request of a browser', async () => {
    const { headers } = await call('OPTIONS', '/api/customers/me/');
    expect(headers.get('access-control-allow-methods')).toContain('GET');
  });

  test('has an inbox page, notifies it of each message, and deletes messages on request', async () => {
    expect(await (await fetch(site)).text()).toContain('<title>Inbox');
    const live = await fetch(`${site}/api/messages/live`);
    const events = live.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await events?.read())?.value).toContain('event: change');
    await requestOtp('+97333123456');
    expect((await events?.read())?.value).toContain('event: change');
    await events?.cancel();
    expect(await messagesTo('+97333123456')).toMatchObject([{ kind: 'sms', text: expect.stringMatching(/^\d{6} /) }]);
    expect((await fetch(`${site}/api/messages`, { method: 'DELETE' })).status).toBe(204);
    expect(await (await fetch(`${site}/api/messages`)).json()).toEqual([]);
  });

  test('has a map of the regions, and loads the regions of a shop while it runs', async () => {
    expect(await (await fetch(`${site}/regions`)).text()).toContain('<title>Regions');
    const regions = async () => (await fetch(`${site}/api/regions`)).json();
    expect(await regions()).toMatchObject({ api, source: 'seed/regions.geojson', regions: expect.any(Array) });
    const nile = '/api/regions/?long=31.2357&lat=30.0444';
    expect((await call('GET', nile)).body).toMatchObject({ code: 'EG-CAIRO', country: 'EG' });

    const file = regionFile([feature('DOWNTOWN', rectangle(31.2, 30, 31.3, 30.1))]);
    expect(await seed('regions', file, '--dry-run')).toEqual([0, expect.stringContaining('1 added, 44 removed')]);
    expect((await call('GET', nile)).body.code).toBe('EG-CAIRO');
    expect(await seed('regions', file)).toEqual([0, expect.stringContaining('Loaded into the stage local.')]);
    while ((await call('GET', nile)).body.code !== 'DOWNTOWN') await setTimeout(100);
    expect(await regions()).toMatchObject({ source: 'my-areas.geojson', regions: [{ code: 'DOWNTOWN' }] });

    const wrong = await seed('regions', regionFile([feature('X', [[[0, 0]]])]));
    expect(wrong).toEqual([1, 'Feature 1 (X) has a ring without an area, its outer ring.\n']);
    expect(await seed()).toEqual([
      0,
      expect.stringMatching(/kept as loaded from my-areas.geojson\n(.+\n)+Nothing to change/),
    ]);
    expect(await seed('everything')).toEqual([1, expect.stringMatching(/^npm run seed -- /)]);
    expect((await seed('regions', 'seed/regions.geojson'))[0]).toBe(0);
  });

  test('switches faults of the sandbox on and off', async () => {
    const setFaults = (faults: object) => fetch(`${site}/api/faults`, { method: 'PUT', body: JSON.stringify(faults) });
    expect((await setFaults({ opted_out: ['+96899123456'] })).status).toBe(200);
    expect((await requestOtp('+96899123456')).body.errors[0].code).toBe('sms_opted_out');
    await setFaults({});
    expect((await requestOtp('+96899123456')).status).toBe(200);
    expect((await setFaults({ throttling: 'yes' })).status).toBe(400);
  });

  test('stores an image, and deletes it when the stream worker erases the customer', async () => {
    const { access, customer } = (await signIn('+971501234567')).body;
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(png)]), 'me.png');
    const headers = { authorization: `Bearer ${access}` };
    const updated = await fetch(`${api}/api/customers/me/update/`, { method: 'PATCH', headers, body: form });
    const { image } = (await updated.json()) as { image: string };
    expect([updated.status, (await fetch(image)).status]).toEqual([200, 200]);
    expect((await call('DELETE', '/api/customers/me/delete/', undefined, access)).status).toBe(204);
    const erased = new RegExp(`"message":"customer_erased".*"customer_id":${customer.id}`);
    while (!erased.test(stack.output)) await setTimeout(100);
    expect((await fetch(image)).status).toBe(404);
  });

  test('delivers a notification of an operator to the inbox as a push within seconds, even while SNS throttles', async () => {
    const { access, customer } = (await signIn('+96551234567')).body;
    const notify = async (throttling: number) => {
      await fetch(`${site}/api/faults`, { method: 'PUT', body: JSON.stringify({ throttling }) });
      const response = await invoke('notify', {
        customer_ids: [customer.id],
        notification_type: 'product_ordered',
        title: { en: `Throttled ${throttling}`, ar: 'x' },
        message_body: { en: 'Order 7 is on its way', ar: 'x' },
        idempotency_key: `order-7-${throttling}`,
      });
      expect(response).toMatchObject({ parts: 1 });
    };
    const pushed = async (count: number) => {
      while ((await messagesTo('token:+96551234567')).length < count) await setTimeout(100);
    };
    await notify(0);
    await pushed(1);
    expect(await messagesTo('token:+96551234567')).toMatchObject([
      { kind: 'push', text: 'Throttled 0\nOrder 7 is on its way', payload: { platform: 'GCM', badge: 1 } },
    ]);
    await notify(0.3);
    await pushed(2);
    await fetch(`${site}/api/faults`, { method: 'PUT', body: '{}' });
    const { body } = await call('GET', '/api/notifications/', undefined, access);
    expect(body.results).toHaveLength(2);
    expect(await invoke('notifyProgress', { idempotency_key: 'order-7-0' })).toMatchObject({
      recipients: 1,
      is_done: true,
    });
  });

  test('runs a function by `serverless invoke local` against the same data', async () => {
    const env = { ...process.env, ...runner.ports };
    const invoked = spawn(
      'npx',
      ['serverless', 'invoke', 'local', '-f', 'authSendOtp', '-p', 'events/auth/sendOtp.json'],
      {
        env,
      },
    );
    let output = '';
    invoked.stdout.on('data', (chunk) => {
      output += chunk;
    });
    expect(await new Promise((resolve) => invoked.once('close', resolve))).toBe(0);
    expect(output).toContain('"statusCode": 200');
    expect(await messagesTo('+201001234567')).toHaveLength(1);
  });

  test('keeps customers across restarts, deletes them with --fresh, and leaves no process behind', async () => {
    const { customer } = (await signIn('+97466123456')).body;
    await stack.interrupt();
    for (const url of [api, site, `http://localhost:${runner.ports.DYNAMODB_PORT}`])
      await expect(fetch(url)).rejects.toThrow();

    const again = await runner.start().ready();
    await moveClock(60);
    expect((await signIn('+97466123456')).body.customer.id).toBe(customer.id);
    await again.interrupt();

    writeFileSync(join(runner.dataFolder, 'notes.txt'), 'mine');
    const fresh = await runner.start({ BRAND_NAME: 'Souq' }, ['--fresh']).ready();
    expect((await signIn('+97466123456')).status).toBe(201);
    expect((await messagesTo('+97466123456'))[0]?.text).toContain('Souq');
    expect(statSync(join(runner.dataFolder, 'notes.txt')).size).toBe(4);
    await fresh.interrupt();
  });
});

describe('npm start explains in one sentence', () => {
  test.each([
    ['that a setting is wrong', { OTP_SECONDS: 'soon' }, 'OTP_SECONDS must be a whole number.'],
    ['that a port is not a number', { API_PORT: 'abc' }, 'API_PORT must be a port number from 1 to 65535.'],
    [
      'that the data folder is not writable',
      { LOCAL_DATA_FOLDER: '/proc/x' },
      'The data folder /proc/x cannot be written (ENOENT); set LOCAL_DATA_FOLDER to another one.',
    ],
    [
      'that another engine does not respond',
      { DYNAMODB_ENDPOINT: 'http://127.0.0.1:1' },
      'No DynamoDB engine answers at http://127.0.0.1:1; check DYNAMODB_ENDPOINT.',
    ],
  ])('%s', async (_, environment, sentence) => {
    const stack = runner.start(environment);
    expect(await stack.ended).not.toBe(0);
    expect(stack.output).toContain(sentence);
    expect(stack.output).not.toMatch(/^\s+at /m);
  });

  test('that a port is in use', async () => {
    const server = createServer();
    const taken = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(Number((server.address() as { port: number }).port)));
    });
    const stack = runner.start({ LOCAL_PORT: String(taken) });
    expect(await stack.ended).not.toBe(0);
    expect(stack.output).toContain(`Port ${taken} is taken; stop what uses it or set LOCAL_PORT to another port.`);
    server.close();
  });
});
