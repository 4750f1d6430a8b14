import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import type { Endpoint } from '../../lib/http/endpoint.ts';
import { customerPartition, publicKeysKey } from '../../lib/table/keys.ts';
import { lambdaContext, restEvent, type TestRequest } from '../../lib/testing/stage/event.ts';
import { logOf } from '../../lib/testing/stage/log.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';

const world = useWorld();

/** Starts a new container, whose functions have read nothing yet. */
async function startContainer<const F extends string>(...files: F[]): Promise<Record<F, Endpoint>> {
  jest.resetModules();
  const entries = files.map(async (file) => [file, (await import(`../${file}.ts`)).handler]);
  return Object.fromEntries(await Promise.all(entries));
}

/** The response of SSM to a read of a parameter. With `undefined` SSM returns the value. */
let ssmFault: (name: string) => { status: number; type: string } | undefined;
let reads: string[];
let ssm: Server;
beforeAll(async () => {
  ssm = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const name = JSON.parse(body).Name.split('/').at(-1) as keyof typeof world.secrets;
    reads.push(name);
    const fault = ssmFault(name);
    if (fault) response.writeHead(fault.status).end(JSON.stringify({ __type: fault.type }));
    else response.end(JSON.stringify({ Parameter: { Value: world.secrets[name] } }));
  }).listen(0, '127.0.0.1');
  await once(ssm, 'listening');
});
beforeEach(() => {
  reads = [];
  ssmFault = () => undefined;
  const { port } = ssm.address() as AddressInfo;
  world.set({ AWS_ENDPOINT_URL_SSM: `http://127.0.0.1:${port}`, SECRETS_BUDGET_MS: '200' });
});
afterAll(() => {
  ssm.closeAllConnections();
  ssm.close();
});

/**
 * Calls a function of a container. Its catalogue is its own, so the world cannot check its
 * response.
 */
async function call(handler: Endpoint, request: TestRequest = {}) {
  const { statusCode: status, headers = {}, body } = await handler(restEvent(request), lambdaContext());
  return { status, headers, body: JSON.parse(body) };
}

const throttle = () => ({ status: 400, type: 'ThrottlingException' });
let clients = 0;
const send = (sendOtp: Endpoint, phone = world.phone()) => {
  clients += 1;
  const body = { phone_number: phone, otp_type: 'customer_auth' };
  return call(sendOtp, { body, clientIp: `192.0.2.${clients}` });
};
const unavailable = {
  type: 'server_error',
  errors: [
    {
      code: 'service_unavailable',
      detail: 'The service is busy at the moment. Try again in a few seconds.',
      attr: null,
    },
  ],
};

describe('public keys', () => {
  test('are read from the table, so a signed-in request reads no SSM parameter', async () => {
    const { access } = await signIn(world);
    ssmFault = throttle;
    const container = await startContainer('customers/get', 'auth/jwks');
    reads = [];
    const { body } = await call(container['auth/jwks'], { method: 'GET' });
    expect((await call(container['customers/get'], { method: 'GET', token: access })).status).toBe(200);
    expect([body.keys.length, reads]).toEqual([2, []]);
  });

  test('that the table does not have yet cause an uncached 503 with Retry-After', async () => {
    const { access } = await signIn(world);
    const container = await startContainer('customers/get', 'auth/jwks', 'password/logout');
    await world.delete(publicKeysKey);
    const keys = await call(container['auth/jwks'], { method: 'GET' });
    const me = await call(container['customers/get'], { method: 'GET', token: access });
    const loggedOut = await call(container['password/logout'], { token: access });
    for (const { status, headers } of [keys, me, loggedOut])
      expect([status, headers['retry-after'], headers['cache-control']]).toEqual([503, '5', 'no-store']);
    expect([keys.body, me.body, loggedOut.body.code]).toEqual([unavailable, unavailable, 503]);

    await world.publishKeys();
    expect((await call(container['customers/get'], { method: 'GET', token: access })).status).toBe(200);
    expect((await call(container['auth/jwks'], { method: 'GET' })).status).toBe(200);
  });

  test('stay in use while the table is unreachable', async () => {
    const container = await startContainer('auth/jwks');
    const { body } = await call(container['auth/jwks'], { method: 'GET' });
    world.engine.fail(() => ({ status: 400, type: 'ResourceNotFoundException' }));
    world.advance(301);
    expect(await call(container['auth/jwks'], { method: 'GET' })).toMatchObject({ status: 200, body });
  });

  test('are read once for many parallel requests, and not again while they are cached', async () => {
    const container = await startContainer('auth/jwks');
    const getKeys = () => call(container['auth/jwks'], { method: 'GET' });
    await getKeys();
    world.advance(301);
    world.engine.record();
    await Promise.all(Array.from({ length: 20 }, getKeys));
    world.advance(299);
    await getKeys();
    expect(world.engine.calls.map(({ operation }) => operation)).toEqual(['BatchGetItem']);
  });
});

describe('secrets', () => {
  test('are read once for many parallel requests, even if SSM throttles the first attempts', async () => {
    const { 'auth/sendOtp': sendOtp } = await startContainer('auth/sendOtp');
    world.set({ SECRETS_BUDGET_MS: '10000' });
    ssmFault = () => (reads.length <= 3 ? throttle() : undefined);
    const responses = await Promise.all(Array.from({ length: 20 }, () => send(sendOtp)));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(reads).toEqual(Array(4).fill('otp-secrets'));
  });

  test.each([
    ['throttles', throttle],
    ['fails', () => ({ status: 500, type: 'InternalServerError' })],
  ])('cause a 503 with Retry-After, before the request is counted, while SSM %s', async (_, fault) => {
    const { 'auth/sendOtp': sendOtp } = await startContainer('auth/sendOtp');
    const phone = world.phone();
    ssmFault = fault;
    const before = await world.items();
    const { status, headers, body } = await send(sendOtp, phone);
    expect([status, headers['retry-after'], body]).toEqual([503, '5', unavailable]);
    expect(reads.length).toBeGreaterThan(2);
    expect(await world.items()).toEqual(before);
    ssmFault = () => undefined;
    expect((await send(sendOtp, phone)).status).toBe(200);
  });

  test('cause a 500 without a retry if the parameter does not exist', async () => {
    const { 'auth/sendOtp': sendOtp } = await startContainer('auth/sendOtp');
    ssmFault = () => ({ status: 400, type: 'ParameterNotFound' });
    expect([(await send(sendOtp)).status, reads.length]).toEqual([500, 1]);
  });

  test('cause a 503 in the error format of surface B while SSM throttles', async () => {
    const container = await startContainer('password/login', 'password/forget', 'password/reset', 'password/signup');
    ssmFault = throttle;
    const email = 'mona@example.com';
    const password = 'a long enough one';
    const profile = { name: 'Mona', last_name: 'Adel', phone: world.phone(), birthdate: '1990-01-31' };
    const bodies = {
      'password/login': { email, password },
      'password/forget': { email },
      'password/reset': { email, password, token: '123456' },
      'password/signup': { ...profile, email, password },
    };
    for (const [file, body] of Object.entries(bodies)) {
      const response = await call(container[file as keyof typeof bodies], { body });
      expect([response.status, response.headers['retry-after'], response.body]).toEqual([
        503,
        '5',
        {
          code: 503,
          message: 'The service is busy at the moment. Try again in a few seconds.',
          message_ar: 'الخدمة مشغولة حاليًا. حاول مرة أخرى بعد بضع ثوانٍ.',
          errors: { errorMessage: expect.any(String), errorDetails: [] },
        },
      ]);
    }
  });

  test('are read before an OTP is consumed or a refresh token is rotated', async () => {
    const phone = world.phone();
    const container = await startContainer('auth/sendOtp', 'customers/authenticate', 'auth/refresh');
    await send(container['auth/sendOtp'], phone);
    const body = { phone_number: phone, otp: world.otpFor(phone), device: { registration_id: 'x' }, language: 'en' };
    ssmFault = (name) => (name === 'signing-keys' ? throttle() : undefined);
    expect((await call(container['customers/authenticate'], { body })).status).toBe(503);
    const { refresh, customer } = await signIn(world);
    const session = await world.partition(customerPartition(customer.id));
    expect((await call(container['auth/refresh'], { body: { refresh } })).status).toBe(503);
    expect(await world.partition(customerPartition(customer.id))).toEqual(session);

    ssmFault = () => undefined;
    expect((await call(container['customers/authenticate'], { body })).status).toBe(201);
    expect((await call(container['auth/refresh'], { body: { refresh } })).status).toBe(200);
  });

  test('cause one secret_unavailable event for each failed read, which raises the alarm of the stage', async () => {
    const { 'auth/sendOtp': sendOtp } = await startContainer('auth/sendOtp');
    ssmFault = throttle;
    const lines = await logOf(() => Promise.all([send(sendOtp), send(sendOtp)]));
    const unavailableEvents = lines
      .map((line) => JSON.parse(line))
      .filter(({ SecretsUnavailable }) => SecretsUnavailable);
    expect(unavailableEvents).toEqual([
      expect.objectContaining({
        message: 'secret_unavailable',
        secret: 'otp-secrets',
        reason: 'SsmThrottlingException',
      }),
    ]);
  });

  test('stay in use without a retry while SSM throttles', async () => {
    const { 'auth/sendOtp': sendOtp } = await startContainer('auth/sendOtp');
    await send(sendOtp);
    reads = [];
    ssmFault = throttle;
    world.set({ SECRETS_BUDGET_MS: '60000' });
    world.advance(301);
    expect([(await send(sendOtp)).status, reads.length]).toEqual([200, 2]);
  });

  test('cause a 503 of the deep health check, with Retry-After, if its key is unreadable', async () => {
    const { 'health/get': getHealth } = await startContainer('health/get');
    ssmFault = throttle;
    const { status, headers, body } = await call(getHealth, { method: 'GET', query: { deep: '1' } });
    expect([status, headers['retry-after'], body]).toEqual([
      503,
      '5',
      { status: 'failing', version: 'unknown', commit: 'unknown', stage: 'local' },
    ]);
  });
});
