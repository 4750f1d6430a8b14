import { createHmac, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { withdrawn } from '../../deploy/secrets.ts';
import { clientCallsKey, otpKey } from '../../lib/table/keys.ts';
import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import { nextAddress } from '../../lib/testing/stage/signUp.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { Faults } from '../../local/sandbox/sns.ts';
import { handler as authenticate } from '../customers/authenticate.ts';
import { handler as exportCustomer } from '../customers/export.ts';
import { handler as getCustomer } from '../customers/get.ts';
import { handler as jwks } from './jwks.ts';
import { handler as listSessions } from './listSessions.ts';
import { handler as logoutAllDevices } from './logoutAllDevices.ts';
import { handler as logoutDevice } from './logoutDevice.ts';
import { handler as refresh } from './refresh.ts';
import { handler as revokeSession } from './revokeSession.ts';
import { handler as sendOtp } from './sendOtp.ts';

const world = useWorld();

const send = (
  phone: string,
  request: { clientIp?: string; type?: string; language?: string; appId?: string; deviceToken?: string } = {},
) =>
  world.call(sendOtp, {
    body: {
      phone_number: phone,
      otp_type: request.type ?? 'customer_auth',
      app_id: request.appId,
      device_token: request.deviceToken,
    },
    clientIp: request.clientIp ?? `198.18.0.${++clients % 250}`,
    ...(request.language && { headers: { 'Accept-Language': request.language } }),
  });
let clients = 0;

const refreshWith = (token: string) => world.call(refresh, { body: { refresh: token } });
const exportWith = (token: string) => world.call(exportCustomer, { method: 'GET', token });
const getMe = (token: string) => world.call(getCustomer, { method: 'GET', token });
const findDevice = async (registrationId: string) =>
  (await world.items()).find((item) => item.registrationId === registrationId && 'active' in item);
const readOtpItem = async (phone: string) => (await world.partition(otpKey(phone).pk)).find(({ sk }) => sk === 'OTP');
const error = (code: string, attr: string | null = null) => [expect.objectContaining({ code, attr })];

describe('sendOtp', () => {
  test('sends six digits that expire after 300 s, and returns when the next OTP can be sent', async () => {
    const phone = world.phone();
    const { status, body } = await send(phone);
    expect(status).toBe(200);
    expect(body).toEqual({
      phone_number: phone,
      otp_type: 'customer_auth',
      expires_in: 300,
      resend_in: 60,
      channel: 'sms',
      channels: ['sms'],
    });
    expect(world.otpFor(phone)).toMatch(/^\d{6}$/);
    expect(world.sandbox.messages.list(phone)[0]?.payload).toEqual({ 'AWS.SNS.SMS.SMSType': 'Transactional' });
  });

  test('accepts common ways to write a number, and returns E.164', async () => {
    for (const written of [
      '+966 50 123 4567',
      '00966-50-123-4567',
      '٠٠٩٦٦٥٠١٢٣٤٥٦٧',
      '\u200e+966501234567',
      '\u200e 00 966 501234567',
    ]) {
      const { status, body } = await send(written);
      expect([status, body.phone_number]).toEqual([200, '+966501234567']);
      world.advance(3_600);
    }
  });

  test.each([
    ['a landline', '+20223456789'],
    ['a number that is too short', '+2010012'],
    ['a number without a country', '01001234567'],
    ['an extension', '+201001234567;ext=5'],
    ['a word', 'phone'],
    ['an object', { number: 1 }],
    ['true', true],
  ])('rejects %s as a phone', async (_, phone) => {
    const { status, body } = await world.call(sendOtp, { body: { phone_number: phone, otp_type: 'customer_auth' } });
    expect([status, body.type, body.errors]).toEqual([400, 'validation_error', error('invalid', 'phone_number')]);
  });

  test('rejects a phone of a country that is not served', async () => {
    const { status, body } = await world.call(sendOtp, {
      body: { phone_number: '+33612345678', otp_type: 'customer_auth' },
    });
    expect([status, body.type, body.errors]).toEqual([
      400,
      'validation_error',
      error('country_not_served', 'phone_number'),
    ]);
  });

  test('writes the SMS in the requested language, or else in English', async () => {
    const phone = world.phone();
    await send(phone, { language: 'ar-EG,ar;q=0.9' });
    expect(world.sandbox.messages.list(phone)[0]?.text).toMatch(/رمزك/);
    world.advance(60);
    await send(phone, { language: 'fr' });
    expect(world.sandbox.messages.list(phone)[0]?.text).toMatch(/is your Shop code/);
  });

  test('adds the autofill line of a configured app, and never text from the client', async () => {
    world.set({
      SMS_APPS: JSON.stringify([
        { app_id: 'android', platform: 'android', hash: 'FA+9qCX9VSu' },
        { app_id: 'ios', platform: 'ios', domain: 'shop.example.com' },
      ]),
    });
    const [android, ios, unknown] = [world.phone(), world.phone(), world.phone()];
    await send(android, { appId: 'android' });
    await send(ios, { appId: 'ios' });
    await send(unknown, { appId: 'Call +1 900 now' });
    const textTo = (phone: string) => world.sandbox.messages.list(phone)[0]?.text ?? '';
    expect(textTo(android)).toMatch(/\nFA\+9qCX9VSu$/);
    expect(textTo(ios)).toMatch(new RegExp(`\n@shop\\.example\\.com #${world.otpFor(ios)}$`));
    expect(textTo(unknown)).not.toMatch(/Call|\n/);
  });

  test('requires 60, 120 and 300 s between sends, and limits the sends of an hour', async () => {
    const phone = world.phone();
    const waits: number[] = [];
    for (let sends = 0; sends < 5; sends++) {
      const { status, body } = await send(phone);
      expect(status).toBe(200);
      waits.push(body.resend_in);
      world.advance(body.resend_in - 1);
      const early = await send(phone);
      expect([early.status, early.body.errors]).toEqual([429, error('otp_send_limit')]);
      expect(Number(early.headers['retry-after'])).toBe(1);
      world.advance(1);
    }
    expect(waits).toEqual([60, 120, 300, 300, 3_600 - 780]);
  });

  test('sends at most ten OTPs a day to one phone', async () => {
    const { phone, deviceToken } = await signIn(world);
    for (let sends = 1; sends < 10; sends++) {
      world.advance(1_800);
      expect((await send(phone, { deviceToken })).status).toBe(200);
    }
    const rejected = await send(phone, { deviceToken });
    expect(rejected.status).toBe(429);
    expect(Number(rejected.headers['retry-after'])).toBe(86_400 - 9 * 1_800);
    world.advance(Number(rejected.headers['retry-after']));
    expect((await send(phone, { deviceToken })).status).toBe(200);
  });

  test('ignores sends with a time in the future, after the clock was set back', async () => {
    const phone = world.phone();
    const clientIp = '192.0.2.77';
    world.advance(86_400);
    await send(phone, { clientIp });
    for (let sends = 1; sends < 20; sends++) await send(world.phone(), { clientIp });
    world.advance(-86_400);
    expect((await send(phone, { clientIp })).body.resend_in).toBe(60);
    expect((await send(phone, { clientIp })).headers['retry-after']).toBe('60');
  });

  test('sends one OTP for fifty parallel requests for a phone', async () => {
    const phone = world.phone();
    const responses = await Promise.all(Array.from({ length: 50 }, () => send(phone, { clientIp: '192.0.2.1' })));
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(world.sandbox.messages.list(phone)).toHaveLength(1);
  });

  test('sends twenty OTPs an hour for a client IP, even in parallel, and counts an IPv6 /64 as one client', async () => {
    const responses = await Promise.all(
      Array.from({ length: 30 }, (_, index) => send(world.phone(), { clientIp: `2001:db8:1:2::${index}` })),
    );
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(20);
    const rejected = await send(world.phone(), { clientIp: '2001:db8:1:2:ffff::1' });
    expect([rejected.status, rejected.body.errors]).toEqual([429, error('otp_send_limit')]);
    expect((await send(world.phone(), { clientIp: '2001:db8:1:3::1' })).status).toBe(200);
    world.advance(Number(rejected.headers['retry-after']));
    expect((await send(world.phone(), { clientIp: '2001:db8:1:2::1' })).status).toBe(200);
  });

  test('reads the client IP from the gateway, not from a header', async () => {
    world.set({ OTP_SENDS_PER_ADDRESS_PER_HOUR: '1' });
    const from = (forged: string) =>
      world.call(sendOtp, {
        body: { phone_number: world.phone(), otp_type: 'customer_auth' },
        headers: { 'X-Forwarded-For': forged, Forwarded: `for=${forged}` },
        clientIp: '192.0.2.44',
      });
    expect((await from('192.0.2.45')).status).toBe(200);
    expect((await from('192.0.2.46')).status).toBe(429);
  });

  test.each([
    ['a country', 'OTP_SENDS_PER_COUNTRY_PER_DAY'],
    ['the stage', 'OTP_SENDS_PER_STAGE_PER_DAY'],
  ])('caps the daily sends of %s, and a rejected send counts nowhere', async (_, setting) => {
    world.advance(86_400 * (setting.includes('STAGE') ? 4 : 2));
    world.set({ [setting]: '3' });
    const responses = await Promise.all(Array.from({ length: 8 }, () => send(world.phone())));
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(3);
    const phone = world.phone();
    const before = await readCounters();
    const rejected = await send(phone);
    expect([rejected.status, rejected.body.errors]).toEqual([429, error('otp_send_limit')]);
    expect(await readCounters()).toEqual(before);
    world.advance(Number(rejected.headers['retry-after']));
    expect((await send(phone)).status).toBe(200);
  });

  /** Returns all counters and OTPs in the table, by the keys of their items. */
  const readCounters = async () => {
    const items = (await world.items()).map(({ pk, sk, expiresAtSeconds: _, ...item }) => {
      const counters = Object.entries(item).filter(([, value]) => value !== 0);
      return [`${pk} ${sk}`, Object.fromEntries(counters)] as const;
    });
    return Object.fromEntries(items.filter(([, counters]) => Object.keys(counters).length > 0));
  };

  test.each([
    ['throttles', () => ({ throttling: true }), 429, 'throttled', 0],
    ['has no quota left', () => ({ quota: true }), 429, 'throttled', 0],
    ['rejects a number that has opted out', (phone: string) => ({ opted_out: [phone] }), 400, 'sms_opted_out', 1],
  ])('stores no OTP and spends no limit of the phone if SNS %s', async (_, fault, status, code, sends) => {
    const [phone, clientIp] = [world.phone(), nextAddress()];
    const before = await readCounters();
    Object.assign(world.sandbox.faults, fault(phone));
    const rejected = await send(phone, { clientIp });
    expect({ status: rejected.status, errors: rejected.body.errors }).toEqual({ status, errors: error(code) });
    if (status === 429) expect(Number(rejected.headers['retry-after'])).toBeGreaterThan(0);
    const { pk, sk } = clientCallsKey(clientIp, 'SENDS');
    const { [`${pk} ${sk}`]: ofClient = {}, ...others } = await readCounters();
    expect(others).toEqual(before);
    expect(Object.keys(ofClient).filter((name) => name.startsWith('sent'))).toHaveLength(sends);
    world.reset();
    expect((await send(phone, { clientIp })).status).toBe(200);
  });

  test.each([
    ['fails', { internal_error: true }, 20_000, 0, 1],
    ['does not respond', { silence: true }, 50, 0, 0],
    // Long enough for a busy machine to deliver the SMS before the timeout.
    ['delivers the SMS but does not respond', { late: true }, 1_500, 1, 1],
  ])('counts an SMS as sent, and does not send it again, if SNS %s', async (_, fault, timeoutMs, sent, calls) => {
    const phone = world.phone();
    Object.assign(world.sandbox.faults, fault);
    world.set({ SNS_TIMEOUT_MS: String(timeoutMs) });
    world.sandbox.platforms.calls.splice(0);
    const first = await send(phone);
    expect({ status: first.status, resend_in: first.body.resend_in }).toEqual({ status: 200, resend_in: 60 });
    expect(world.sandbox.platforms.calls).toHaveLength(calls);
    expect(world.sandbox.messages.list(phone)).toHaveLength(sent);
    world.sandbox.faults = Faults.parse({});
    expect((await send(phone)).body.errors).toEqual(error('otp_send_limit'));
    if (sent) {
      const code = world.otpFor(phone);
      expect((await authenticateWith(world, phone, code, { clientIp: '192.0.2.98' })).status).toBe(201);
    }
  });

  test('keeps the OTP of a phone when a client over its limit requests another', async () => {
    world.set({ OTP_SENDS_PER_ADDRESS_PER_HOUR: '1' });
    const [victim, clientIp] = [world.phone(), '192.0.2.66'];
    const code = await requestOtp(world, victim);
    await send(world.phone(), { clientIp });
    world.advance(60);
    world.engine.record();
    expect((await send(victim, { clientIp })).status).toBe(429);
    expect(world.engine.calls.filter(({ body }) => body.includes(victim))).toEqual([]);
    expect((await authenticateWith(world, victim, code)).status).toBe(201);
  });

  test('counts one send for fifty parallel requests for a phone from one IP address', async () => {
    const [phone, clientIp] = [world.phone(), '192.0.2.2'];
    await Promise.all(Array.from({ length: 50 }, () => send(phone, { clientIp })));
    const [item] = await world.partition(`CLIENT#${clientIp}`);
    const counted = Object.entries(item ?? {}).filter(([name, value]) => /^sent\d+$/.test(name) && value !== 0);
    expect(counted).toHaveLength(1);
  });

  test('works with every limit at its maximum', async () => {
    world.set({
      OTP_SENDS_PER_ADDRESS_PER_HOUR: '50',
      OTP_SENDS_PER_PHONE_PER_HOUR: '24',
      OTP_SENDS_PER_PHONE_PER_DAY: '24',
      OTP_WRONG_TRIES_PER_PHONE_PER_DAY: '24',
      OTP_COOL_DOWNS_SECONDS: '1,2,3,4,5,6,7,8,9,10',
    });
    const phone = world.phone();
    expect((await authenticateWith(world, phone, await requestOtp(world, phone))).status).toBe(201);
  });

  test('keeps the previous OTP valid if SNS rejects a resend', async () => {
    const phone = world.phone();
    const code = await requestOtp(world, phone);
    world.advance(60);
    world.sandbox.faults.opted_out = [phone];
    expect((await send(phone)).status).toBe(400);
    expect((await authenticateWith(world, phone, code)).status).toBe(201);
  });

  test('sends the OTP if a response of DynamoDB is lost', async () => {
    const phone = world.phone();
    let lost = 0;
    world.engine.fail((operation) => (operation === 'UpdateItem' && lost++ === 0 ? 'lose response' : undefined));
    const { status, body } = await send(phone);
    expect([status, body.resend_in, lost > 1]).toEqual([200, 60, true]);
    expect((await authenticateWith(world, phone, world.otpFor(phone))).status).toBe(201);
  });

  test('gives a test number its fixed OTP without an SMS, a wait or a limit, until its last day', async () => {
    const phone = world.phone();
    const until = new Date().toISOString().slice(0, 10);
    world.set({ TEST_NUMBERS: JSON.stringify([{ phone_number: phone, otp: '123456', until }]) });
    for (let sends = 0; sends < 12; sends++) expect((await send(phone)).status).toBe(200);
    expect(world.sandbox.messages.list(phone)).toEqual([]);
    expect((await authenticateWith(world, phone, '123456')).status).toBe(201);
    world.advance(86_400);
    await send(phone);
    expect(world.sandbox.messages.list(phone)).toHaveLength(1);
  });

  test('rejects test numbers in prod unless ALLOW_TEST_NUMBERS is set', async () => {
    const phone = world.phone();
    const numbers = JSON.stringify([{ phone_number: phone, otp: '123456', until: '2999-01-01' }]);
    world.set({ STAGE: 'prod', TEST_NUMBERS: numbers });
    expect((await send(phone)).status).toBe(500);
    world.set({ ALLOW_TEST_NUMBERS: 'true' });
    expect((await send(phone)).status).toBe(200);
  });

  test('stores an OTP only as an HMAC with its own salt', async () => {
    const phone = world.phone();
    const code = await requestOtp(world, phone);
    const item = await readOtpItem(phone);
    const stored = item?.code_customer_auth as { salt: string; hash: string };
    const { current } = JSON.parse(world.secrets['otp-secrets']);
    const expected = createHmac('sha256', current.secret).update(
      JSON.stringify([stored.salt, phone, 'customer_auth', code]),
    );
    expect(stored.hash).toBe(expected.digest('base64url'));
    expect(JSON.stringify(item)).not.toContain(`"${code}"`);
  });

  test('sends the SMS with the configured sender ID', async () => {
    world.set({ SMS_SENDER_ID: 'SOUQ' });
    const phone = world.phone();
    await send(phone);
    expect(world.sandbox.messages.list(phone)[0]?.payload).toMatchObject({ 'AWS.SNS.SMS.SenderID': 'SOUQ' });
  });

  test('hashes with the new secret after a rotation, and still verifies OTPs of the previous one', async () => {
    world.set({ OTP_SECONDS: '600' });
    const [before, after] = [world.phone(), world.phone()];
    const oldCode = await requestOtp(world, before);
    const { current } = JSON.parse(world.secrets['otp-secrets']);
    const rotated = { id: 'rotated', secret: 'x'.repeat(43) };
    world.secrets['otp-secrets'] = JSON.stringify({ current: rotated, previous: current });
    world.advance(300);
    const newCode = await requestOtp(world, after);
    const item = await readOtpItem(after);
    expect(item?.code_customer_auth).toMatchObject({ secretId: 'rotated' });
    expect((await authenticateWith(world, before, oldCode)).status).toBe(201);
    expect((await authenticateWith(world, after, newCode)).status).toBe(201);
  });

  test('keeps using its cached secrets while SSM is unreachable or does not respond', async () => {
    await requestOtp(world, world.phone());
    world.set({ AWS_ENDPOINT_URL_SSM: 'http://127.0.0.1:1', SECRETS_TIMEOUT_MS: '50' });
    world.advance(301);
    expect((await send(world.phone())).status).toBe(200);

    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    world.set({ AWS_ENDPOINT_URL_SSM: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` });
    world.advance(301);
    expect((await send(world.phone())).status).toBe(200);
    silent.closeAllConnections();
    silent.close();
  });

  test('keeps using its cached secrets while SSM responds late', async () => {
    await requestOtp(world, world.phone());
    world.sandbox.faults.late = true;
    world.set({ SECRETS_TIMEOUT_MS: '50' });
    world.advance(301);
    // SNS is late as well, so the SMS counts as sent.
    world.set({ SNS_TIMEOUT_MS: '50' });
    expect((await send(world.phone())).status).toBe(200);
  });

  test('returns 429 if DynamoDB throttles', async () => {
    world.engine.fail(() => ({ status: 400, type: 'ProvisionedThroughputExceededException' }));
    const { status, body, headers } = await send(world.phone());
    expect([status, body.errors, headers['retry-after']]).toEqual([429, error('throttled'), '1']);
  });

  test('makes at most two sequential calls to the table', async () => {
    await send(world.phone());
    world.engine.record();
    await send(world.phone());
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(2);
  });
});

describe('refresh', () => {
  test('returns new tokens, and the new refresh token works', async () => {
    const customer = await signIn(world);
    const first = await refreshWith(customer.refresh);
    expect(first.status).toBe(200);
    expect(Object.keys(first.body).sort()).toEqual(['access', 'refresh']);
    expect((await getMe(first.body.access)).body.id).toBe(customer.customer.id);
    expect((await refreshWith(first.body.refresh)).status).toBe(200);
  });

  test('accepts a used token while its successor is unused, for a client that lost the response', async () => {
    const { refresh: token } = await signIn(world);
    await refreshWith(token);
    world.advance(86_400);
    const again = await refreshWith(token);
    expect(again.status).toBe(200);
    expect((await refreshWith(again.body.refresh)).status).toBe(200);
  });

  test('accepts a used token for 30 s, even if its successor has been used', async () => {
    const { refresh: token } = await signIn(world);
    const { body } = await refreshWith(token);
    await refreshWith(body.refresh);
    world.advance(29);
    expect((await refreshWith(token)).status).toBe(200);
    world.advance(1);
    expect((await refreshWith(token)).status).toBe(401);
    expect((await refreshWith(body.refresh)).status).toBe(401);
  });

  test('revokes the session when an older token is reused', async () => {
    const { refresh: stolen } = await signIn(world);
    const second = await refreshWith(stolen);
    const third = await refreshWith(second.body.refresh);
    world.advance(31);
    const theft = await refreshWith(stolen);
    expect([theft.status, theft.body.errors]).toEqual([401, error('token_not_valid')]);
    expect((await refreshWith(third.body.refresh)).status).toBe(401);
    expect((await getMe(third.body.access)).status).toBe(401);
  });

  test('revokes the session when two successors of one token are both used', async () => {
    const { refresh: shared } = await signIn(world);
    const honest = await refreshWith(shared);
    const thief = await refreshWith(shared);
    expect((await refreshWith(thief.body.refresh)).status).toBe(200);
    world.advance(30);
    expect((await refreshWith(honest.body.refresh)).status).toBe(401);
    expect((await getMe(thief.body.access)).status).toBe(401);
  });

  test('accepts fifty parallel uses of one token', async () => {
    const { refresh: token } = await signIn(world);
    const responses = await Promise.all(Array.from({ length: 50 }, () => refreshWith(token)));
    expect(responses.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect((await refreshWith(responses[7]?.body.refresh)).status).toBe(200);
  });

  test('succeeds if a response of DynamoDB is lost', async () => {
    const { refresh: token } = await signIn(world);
    let lost = 0;
    world.engine.fail((operation) => (operation === 'UpdateItem' && lost++ === 0 ? 'lose response' : undefined));
    const { status, body } = await refreshWith(token);
    expect([status, lost > 1]).toEqual([200, true]);
    expect((await refreshWith(body.refresh)).status).toBe(200);
  });

  test('returns tokens that work to both of two parallel requests', async () => {
    const { refresh: token } = await signIn(world);
    const [first, second] = await Promise.all([refreshWith(token), refreshWith(token)]);
    expect((await refreshWith(first.body.refresh)).status).toBe(200);
    expect((await refreshWith(second.body.refresh)).status).toBe(200);
  });

  test('revokes the session at the fourth refresh of a thief who follows each refresh of the owner', async () => {
    const signedIn = await signIn(world);
    const tokens = { owner: signedIn.refresh, thief: signedIn.refresh };
    const refreshAs = async (holder: keyof typeof tokens) => {
      const { status, body } = await refreshWith(tokens[holder]);
      tokens[holder] = body.refresh ?? '';
      return status;
    };
    const statuses = [];
    for (let cycle = 0; cycle < 4; cycle++) {
      world.advance(900);
      statuses.push([await refreshAs('owner'), await refreshAs('thief')]);
    }
    expect(statuses).toEqual([
      [200, 200],
      [200, 200],
      [200, 200],
      [200, 401],
    ]);
    expect(await refreshAs('owner')).toBe(401);
    expect((await getMe(signedIn.access)).status).toBe(401);
  });

  test('never revokes the session of a client that retries every refresh after a lost response', async () => {
    let { refresh: token } = await signIn(world);
    for (let cycle = 0; cycle < 10; cycle++) {
      world.advance(900);
      const retried = [await refreshWith(token), await refreshWith(token)];
      const { status, body } = await refreshWith(token);
      expect([...retried.map((response) => response.status), status]).toEqual([200, 200, 200]);
      token = body.refresh;
    }
  });

  test('never revokes the session of two tabs that each hold a token and refresh together', async () => {
    let { refresh: token } = await signIn(world);
    for (let round = 0; round < 4; round++) {
      let tabs = [token, token];
      for (let cycle = 0; cycle < 3; cycle++) {
        world.advance(900);
        const responses = await Promise.all(tabs.map(refreshWith));
        expect(responses.map(({ status }) => status)).toEqual([200, 200]);
        tabs = responses.map(({ body }) => body.refresh);
      }
      token = tabs[round % 2] ?? '';
      for (let alone = 0; alone < 3; alone++) {
        world.advance(900);
        token = (await refreshWith(token)).body.refresh;
      }
    }
    expect((await refreshWith(token)).status).toBe(200);
  });

  test('counts one shared cycle for any number of parallel uses of second successors', async () => {
    const { refresh: token } = await signIn(world);
    const successors = await Promise.all(Array.from({ length: 10 }, () => refreshWith(token)));
    world.advance(900);
    const responses = await Promise.all(successors.map(({ body }) => refreshWith(body.refresh)));
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(200));
    world.advance(900);
    expect((await refreshWith(responses[3]?.body.refresh)).status).toBe(200);
  });

  test('rejects a token after 30 idle days, and after 180 days in total', async () => {
    const idle = await signIn(world);
    const { refresh: busy } = await signIn(world);
    world.advance(30 * 86_400);
    expect((await refreshWith(idle.refresh)).status).toBe(401);

    world.reset();
    let token = busy;
    for (let days = 0; days < 174; days += 29) {
      world.advance(29 * 86_400);
      const { status, body } = await refreshWith(token);
      expect(status).toBe(200);
      token = body.refresh;
    }
    world.advance(6 * 86_400);
    expect((await refreshWith(token)).status).toBe(401);
  });

  test('rejects an access token, junk, and the token of a revoked session', async () => {
    const { access, refresh: token } = await signIn(world);
    for (const bad of [access, 'junk', 'a.b.c', `${token}x`]) {
      const { status, body } = await refreshWith(bad);
      expect([status, body.errors]).toEqual([401, error('token_not_valid')]);
    }
    await world.call(logoutAllDevices, { token: access });
    expect((await refreshWith(token)).status).toBe(401);
  });

  test('makes at most two sequential calls to the table', async () => {
    const { refresh: token } = await signIn(world);
    world.engine.record();
    await refreshWith(token);
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(2);
  });

  test('stores no usable token in the table', async () => {
    const { access, refresh: token } = await signIn(world);
    const { body } = await refreshWith(token);
    const table = JSON.stringify(await world.items());
    for (const secret of [access, token, body.access, body.refresh]) {
      expect(table).not.toContain(secret);
      expect(table).not.toContain(secret.split('.')[2]);
    }
  });
});

describe('an access token', () => {
  const sign = (claims: object, { typ = 'at+jwt', key = 'current', alg = 'ES256' } = {}) => {
    const keys = JSON.parse(world.secrets['signing-keys']);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return new SignJWT({ iss: 'customer-backend-test', aud: 'customer-backend', ...claims })
      .setProtectedHeader({ alg, typ, kid: keys.current.kid })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(key === 'foreign' ? privateKey : keys[key]);
  };
  const parseClaims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

  test('expires after 15 minutes', async () => {
    const { access } = await signIn(world);
    world.advance(899);
    expect((await getMe(access)).status).toBe(200);
    world.advance(1);
    const { status, body, headers } = await getMe(access);
    expect([status, body.errors]).toEqual([401, error('token_not_valid')]);
    expect(headers['www-authenticate']).toBe('Bearer realm="api"');
  });

  test('is rejected if forged in any way', async () => {
    const { access, refresh: refreshToken } = await signIn(world);
    const { sub, sid } = parseClaims(access);
    expect((await getMe(await sign({ sub, sid }))).status).toBe(200);

    const [header, payload] = access.split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const { current } = JSON.parse(world.secrets['signing-keys']);
    const confused = await new SignJWT({ sub, sid, iss: 'customer-backend-test', aud: 'customer-backend' })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: current.kid })
      .setExpirationTime('5m')
      .sign(Buffer.from(current.x));
    const forged = {
      'a foreign key': await sign({ sub, sid }, { key: 'foreign' }),
      'no algorithm': `${none}.${payload}.`,
      'no signature': `${header}.${payload}.`,
      'the public key as HMAC secret': confused,
      'a refresh token': refreshToken,
      'another type': await sign({ sub, sid }, { typ: 'JWT' }),
      'another issuer': await sign({ sub, sid, iss: 'customer-backend-prod' }),
      'another audience': await sign({ sub, sid, aud: 'operators' }),
      'no session': await sign({ sub }),
      'a session of another customer': await sign({ sub, sid: parseClaims((await signIn(world)).access).sid }),
      'a made-up id': await sign({ sub: '1 OR 1', sid }),
    };
    for (const [name, token] of Object.entries(forged)) {
      const { status, body } = await getMe(token);
      expect([name, status, body.errors]).toEqual([name, 401, error('token_not_valid')]);
    }
  });

  test('is accepted if the next key signed it, so a rotation rejects no token', async () => {
    const { access } = await signIn(world);
    const { sub, sid } = parseClaims(access);
    const { next } = JSON.parse(world.secrets['signing-keys']);
    const token = await new SignJWT({ sub, sid, iss: 'customer-backend-test', aud: 'customer-backend' })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: next.kid })
      .setExpirationTime('5m')
      .sign(next);
    expect((await getMe(token)).status).toBe(200);
  });

  test('and its refresh token are rejected within 300 s after their signing key is withdrawn', async () => {
    const { access, refresh: token } = await signIn(world);
    expect((await getMe(access)).status).toBe(200);
    const before = { ...world.secrets };
    const { kid } = JSON.parse(before['signing-keys']).current;
    Object.assign(world.secrets, withdrawn(before, kid, Math.floor(Date.now() / 1000)));
    await world.publishKeys();
    world.advance(299);
    expect((await getMe(access)).status).toBe(200);
    world.advance(1);
    const statuses = [(await getMe(access)).status, (await refreshWith(token)).status];
    const { access: renewed } = await signIn(world);
    statuses.push((await getMe(renewed)).status);
    Object.assign(world.secrets, before);
    await world.publishKeys();
    world.advance(300);
    expect([...statuses, (await getMe(access)).status]).toEqual([401, 401, 200, 200]);
  });

  test('is verified with the keys at /.well-known/jwks.json, which contain no private part', async () => {
    const { status, body, headers } = await world.call(jwks, { method: 'GET' });
    expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=300']);
    expect(body.keys).toHaveLength(2);
    for (const key of body.keys) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  test.each([
    ['no Authorization header', undefined, 'not_authenticated'],
    ['two words after Bearer', 'Bearer a b', 'authentication_failed'],
    ['nothing after Bearer', 'Bearer', 'authentication_failed'],
    ['another scheme', 'Basic YTpi', 'authentication_failed'],
    ['a string that is not a token', 'Bearer x', 'token_not_valid'],
  ])('is required, so a request with %s is rejected', async (_, authorization, code) => {
    const { status, body, headers } = await world.call(getCustomer, {
      method: 'GET',
      ...(authorization && { headers: { Authorization: authorization } }),
    });
    expect([status, body]).toEqual([401, { type: 'client_error', errors: error(code) }]);
    expect(headers['www-authenticate']).toBe('Bearer realm="api"');
  });
});

describe('logoutDevice', () => {
  const logout = (token: string, refresh_token: string, registration_id: string) =>
    world.call(logoutDevice, { token, body: { refresh_token, registration_id } });
  test('revokes the session from the next request on, and stops pushes to the device', async () => {
    const { access, refresh: token, registrationId } = await signIn(world);
    const { status, body } = await logout(access, token, registrationId);
    expect([status, body]).toEqual([204, undefined]);
    expect((await getMe(access)).body.errors).toEqual(error('token_not_valid'));
    expect((await refreshWith(token)).status).toBe(401);
    expect(await findDevice(registrationId)).toMatchObject({ active: false });
  });

  test("keeps the customer's other sessions", async () => {
    const phone = await signIn(world);
    world.advance(60);
    const tablet = await signIn(world, { phone: phone.phone, registrationId: 'tablet' });
    await logout(phone.access, phone.refresh, phone.registrationId);
    expect((await getMe(tablet.access)).status).toBe(200);
  });

  test('can be retried after a failure, because the session is revoked last', async () => {
    const { access, refresh: token, registrationId } = await signIn(world);
    let writes = 0;
    world.engine.fail((operation) =>
      operation === 'UpdateItem' && writes++ === 0 ? { status: 400, type: 'AccessDeniedException' } : undefined,
    );
    expect((await logout(access, token, registrationId)).status).toBe(500);
    expect((await logout(access, token, registrationId)).status).toBe(204);
    expect(await findDevice(registrationId)).toMatchObject({ active: false });
    expect((await getMe(access)).status).toBe(401);
  });

  test("ignores an unknown token, and another customer's token or device", async () => {
    const [caller, other] = [await signIn(world), await signIn(world)];
    expect((await logout(caller.access, 'unknown', other.registrationId)).status).toBe(204);
    expect((await logout(caller.access, other.refresh, 'unknown')).status).toBe(204);
    expect((await getMe(other.access)).status).toBe(200);
    expect((await getMe(caller.access)).status).toBe(200);
    expect(await findDevice(other.registrationId)).toMatchObject({ active: true });
  });

  test('revokes the session of an app without a push token', async () => {
    const { access, refresh: token } = await signIn(world, { registrationId: '' });
    expect((await logout(access, token, '')).status).toBe(204);
    expect((await getMe(access)).status).toBe(401);
  });

  test('names each missing field and changes nothing', async () => {
    const { access } = await signIn(world);
    const { status, body } = await world.call(logoutDevice, { token: access });
    expect([status, body.errors]).toEqual([
      400,
      [...error('required', 'refresh_token'), ...error('required', 'registration_id')],
    ]);
    expect((await getMe(access)).status).toBe(200);
  });
});

describe('logoutAllDevices', () => {
  test("revokes every session of the caller and stops pushes to their devices, but keeps other customers' sessions", async () => {
    const other = await signIn(world);
    const first = await signIn(world);
    const sessions = [first];
    for (const registrationId of ['tablet-2', 'watch-2']) {
      world.advance(300);
      sessions.push(await signIn(world, { phone: first.phone, registrationId }));
    }
    expect((await world.call(logoutAllDevices, { token: sessions[1]?.access ?? '' })).status).toBe(204);
    for (const { access, refresh: token, registrationId } of sessions) {
      expect((await getMe(access)).status).toBe(401);
      expect((await refreshWith(token)).status).toBe(401);
      expect(await findDevice(registrationId)).toMatchObject({ active: false });
    }
    expect((await refreshWith(other.refresh)).status).toBe(200);
  });

  test('has the same effect for two parallel requests as for one', async () => {
    const { access } = await signIn(world);
    const statuses = await Promise.all(
      [1, 2].map(async () => (await world.call(logoutAllDevices, { token: access })).status),
    );
    expect([
      [204, 204],
      [204, 401],
      [401, 204],
    ]).toContainEqual(statuses);
    expect((await getMe(access)).status).toBe(401);
  });

  test('makes at most three sequential calls to the table', async () => {
    const { access } = await signIn(world);
    world.engine.record();
    await world.call(logoutAllDevices, { token: access });
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(3);
  });
});

describe('the sessions of a customer', () => {
  const list = async (token: string) => (await world.call(listSessions, { method: 'GET', token })).body;
  const revoke = (token: string, id: string | number) =>
    world.call(revokeSession, { method: 'DELETE', token, params: { id: String(id) } });

  /** Moves the clock past at least one full hour, to this many seconds after another one. */
  const advanceToHour = (seconds: number) => world.advance(7_200 - (Math.floor(Date.now() / 1000) % 3_600) + seconds);

  test('are listed with their device, most recently used first, and with the current one marked', async () => {
    advanceToHour(-600);
    const phone = await signIn(world);
    world.advance(300);
    const tablet = await signIn(world, { phone: phone.phone, registrationId: `tablet:${phone.phone}` });
    world.advance(300);
    await refreshWith(phone.refresh);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const entry = {
      id: expect.any(Number),
      device_name: null,
      device_type: 'android',
      created_at: time,
      last_used_at: time,
    };
    expect(await list(tablet.access)).toEqual([
      { ...entry, current: false },
      { ...entry, current: true },
    ]);
  });

  test.each([
    ['in the list', list],
    ['in an export', async (token: string) => (await exportWith(token)).body.sessions],
  ])('show %s only the hour of their last use, except the current one', async (_, read) => {
    const iso = () => `${new Date().toISOString().slice(0, 19)}.000Z`;
    advanceToHour(-200);
    const phone = await signIn(world);
    const createdAt = iso();
    world.advance(100);
    const tablet = await signIn(world, { phone: phone.phone, registrationId: `tablet:${phone.phone}` });
    const lastUses = async () =>
      (await read(tablet.access)).map(({ last_used_at }: { last_used_at: string }) => last_used_at).toSorted();
    const { body } = await refreshWith(phone.refresh);
    expect(await lastUses()).toEqual([createdAt, iso()]);
    world.advance(777);
    await refreshWith(tablet.refresh);
    await refreshWith(body.refresh);
    expect(await lastUses()).toEqual([iso().replace(/:.*/, ':00:00.000Z'), iso()]);
  });

  test('can be revoked: the next request is rejected, pushes stop, and the list omits the session', async () => {
    const first = await signIn(world);
    world.advance(300);
    const second = await signIn(world, { phone: first.phone, registrationId: `second:${first.phone}` });
    const [, other] = (await list(second.access)).toSorted((a: { current: boolean }) => (a.current ? 1 : -1)).reverse();
    expect((await revoke(second.access, other.id)).status).toBe(204);
    expect((await getMe(first.access)).status).toBe(401);
    expect((await refreshWith(first.refresh)).status).toBe(401);
    expect(await list(second.access)).toHaveLength(1);
    const devices = (await world.items()).filter(
      (item) => item.registrationId === first.registrationId && 'active' in item,
    );
    expect(devices).toMatchObject([{ active: false }]);
  });

  test.each(['0', '-1', 'x', '1e3', '9007199254740993', '99999999999999999999', 'of another customer'])(
    'are not found by the id %s',
    async (id) => {
      const [caller, other] = [await signIn(world), await signIn(world)];
      const [{ id: otherId }] = await list(other.access);
      const { status, body } = await revoke(caller.access, id === 'of another customer' ? otherId : id);
      expect([status, body.errors]).toEqual([404, error('not_found')]);
      expect((await getMe(other.access)).status).toBe(200);
    },
  );

  test('on one device keep its pushes until the last session is revoked', async () => {
    const old = await signIn(world);
    world.advance(300);
    const current = await signIn(world, { phone: old.phone, registrationId: old.registrationId });
    const other = (await list(current.access)).find((session: { current: boolean }) => !session.current);
    expect((await revoke(current.access, other.id)).status).toBe(204);
    expect(await findDevice(old.registrationId)).toMatchObject({ active: true });
    const [{ id }] = await list(current.access);
    expect((await revoke(current.access, id)).status).toBe(204);
    expect(await findDevice(old.registrationId)).toMatchObject({ active: false });
  });

  test('are revoked once by two parallel requests', async () => {
    const { access } = await signIn(world);
    const [{ id }] = await list(access);
    const statuses = (await Promise.all([revoke(access, id), revoke(access, id)])).map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
  });

  test('are at most ten, and the session that was idle longest is revoked', async () => {
    const first = await signIn(world);
    const others = [];
    for (let sessions = 1; sessions < 10; sessions++) {
      world.advance(86_400);
      others.push(await signIn(world, { phone: first.phone, registrationId: `device-${sessions}:${first.phone}` }));
    }
    const busy = (await refreshWith(first.refresh)).body;
    world.advance(60);
    const eleventh = await signIn(world, { phone: first.phone, registrationId: `device-11:${first.phone}` });
    expect(await list(eleventh.access)).toHaveLength(10);
    expect((await refreshWith(busy.refresh)).status).toBe(200);
    expect((await refreshWith(others[0]?.refresh ?? '')).status).toBe(401);
    expect(await findDevice(others[0]?.registrationId ?? '')).toMatchObject({ active: false });
    expect((await refreshWith(others[1]?.refresh ?? '')).status).toBe(200);
    expect(await findDevice(others[1]?.registrationId ?? '')).toMatchObject({ active: true });
  });
});

test('an OTP of another type does not sign in', async () => {
  const phone = world.phone();
  await send(phone, { type: 'password_reset' });
  const { status, body } = await world.call(authenticate, {
    body: { phone_number: phone, otp: world.otpFor(phone), device: { registration_id: 'x' }, language: 'en' },
  });
  expect([status, body.errors]).toEqual([400, error('otp_expired', 'otp')]);
});
