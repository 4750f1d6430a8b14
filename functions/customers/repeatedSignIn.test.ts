import { decodeJwt } from 'jose';
import { otpKey } from '../../lib/table/keys.ts';
import type { TestRequest } from '../../lib/testing/stage/event.ts';
import { addressOf, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import { nextAddress } from '../../lib/testing/stage/signUp.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as logoutDevice } from '../auth/logoutDevice.ts';
import { handler as refreshToken } from '../auth/refresh.ts';
import { handler as authenticate } from './authenticate.ts';
import { handler as getCustomer } from './get.ts';

const world = useWorld();

const makeWrongOtp = (otp: string) => String((Number(otp) + 1) % 1_000_000).padStart(6, '0');
const sessionOf = ({ access }: { access: string }) => decodeJwt(access).sid;
const refresh = (token: string) => world.call(refreshToken, { body: { refresh: token } });
const listSessions = async (customerId: number) =>
  (await world.partition(`CUSTOMER#${customerId}`)).filter(({ sk }) => String(sk).startsWith('SESSION#'));

/** Returns the sign-in of a device that has just got its code. */
async function prepare(phone = world.phone()) {
  const otp = await requestOtp(world, phone);
  const body = {
    phone_number: phone,
    otp,
    device: { registration_id: `token:${phone}`, device_id: 'pixel', type: 'android' },
    language: 'en',
  };
  const send = ({ body: changes = {}, ...request }: TestRequest & { body?: object } = {}) =>
    world.call(authenticate, { body: { ...body, ...changes }, clientIp: addressOf(phone), ...request });
  return { phone, otp, body, send };
}

describe('a repeated sign-in', () => {
  test('of a new customer gets the same session, customer, status and refresh token', async () => {
    const { phone, send } = await prepare();
    const first = await send();
    world.advance(59);
    const second = await send();
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(sessionOf(second.body)).toBe(sessionOf(first.body));
    expect(second.body.customer).toEqual(first.body.customer);
    const ids = [first, second].map(({ body }) => decodeJwt(body.refresh).jti);
    expect(ids[1]).toBe(ids[0]);
    expect((await world.items()).filter((item) => item.phoneNumber === phone)).toHaveLength(1);
    expect(await listSessions(first.body.customer.id)).toHaveLength(1);
    expect((await world.call(getCustomer, { method: 'GET', token: second.body.access })).status).toBe(200);
  });

  test('of an existing customer gets the same session with 200', async () => {
    const { phone, customer } = await signIn(world);
    world.advance(60);
    const { send } = await prepare(phone);
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(sessionOf(second.body)).toBe(sessionOf(first.body));
    expect(await listSessions(customer.id)).toHaveLength(2);
  });

  test('may be refreshed with either response, and both are one token to the theft rules', async () => {
    const { send } = await prepare();
    const [first, second] = [await send(), await send()];
    const rotated = await refresh(second.body.refresh);
    expect(rotated.status).toBe(200);
    expect((await refresh(first.body.refresh)).status).toBe(200);
    const latest = await refresh(rotated.body.refresh);
    expect(latest.status).toBe(200);
    world.advance(31);
    expect((await refresh(first.body.refresh)).status).toBe(401);
    expect((await refresh(latest.body.refresh)).status).toBe(401);
  });

  test.each([
    ['from another network', () => ({ clientIp: nextAddress() })],
    ['with another push token', () => ({ body: { device: { registration_id: 'other', device_id: 'pixel' } } })],
    ['with another device_id', () => ({ body: { device: { registration_id: 'r', device_id: 'thief' } } })],
    ['without a device', () => ({ body: { device: {} } })],
    ['with a device token', () => ({ body: { device_token: 'x.1.2.3.4' } })],
    ['with an idempotency key that the first request did not have', () => ({ headers: { 'Idempotency-Key': 'k' } })],
  ])('%s gets what a used code gets', async (_, change) => {
    const { send } = await prepare();
    const first = await send();
    const stolen = await send(change());
    expect([stolen.status, stolen.body.errors[0].code]).toEqual([400, 'otp_expired']);
    expect(await listSessions(first.body.customer.id)).toHaveLength(1);
    expect((await send()).status).toBe(201);
  });

  test('of an app without any device identity needs the same network', async () => {
    const { send } = await prepare();
    const device = {};
    const first = await send({ body: { device } });
    expect(sessionOf((await send({ body: { device } })).body)).toBe(sessionOf(first.body));
    expect((await send({ body: { device }, clientIp: nextAddress() })).body.errors[0].code).toBe('otp_expired');
  });

  test('with a wrong code is rejected and counts', async () => {
    const { otp, send } = await prepare();
    await send();
    const wrong = { body: { otp: makeWrongOtp(otp) } };
    for (let attempts = 0; attempts < 5; attempts++) {
      expect((await send(wrong)).body.errors[0].code).toBe('otp_invalid');
    }
    expect((await send(wrong)).status).toBe(429);
    expect((await send()).status).toBe(429);
  });

  test('counts as no wrong attempt, however often it is made', async () => {
    const { send } = await prepare();
    const first = await send();
    for (let repeats = 0; repeats < 20; repeats++) {
      expect(sessionOf((await send()).body)).toBe(sessionOf(first.body));
    }
  });

  test('is rejected 60 s after the sign-in', async () => {
    const { send } = await prepare();
    await send();
    world.advance(60);
    expect((await send()).body.errors[0].code).toBe('otp_expired');
  });

  test('is rejected once the refresh token has been used', async () => {
    const { send } = await prepare();
    const first = await send();
    expect((await refresh(first.body.refresh)).status).toBe(200);
    expect((await send()).body.errors[0].code).toBe('otp_expired');
  });

  test('is rejected once the session has ended', async () => {
    const { body, send } = await prepare();
    const { access, refresh: refresh_token } = (await send()).body;
    const { registration_id } = body.device;
    await world.call(logoutDevice, { token: access, body: { refresh_token, registration_id } });
    expect((await send()).body.errors[0].code).toBe('otp_expired');
  });

  test('is rejected once a new code has been sent', async () => {
    const { phone, otp, send } = await prepare();
    world.advance(30);
    await send();
    world.advance(30);
    if ((await requestOtp(world, phone)) !== otp) expect((await send()).body.errors[0].code).toBe('otp_invalid');
  });

  test('beside its copies makes one session and one customer', async () => {
    const { phone, send } = await prepare();
    const responses = await Promise.all(Array.from({ length: 5 }, () => send()));
    const signedIn = responses.filter(({ status }) => status === 201);
    expect(signedIn.length).toBeGreaterThan(0);
    expect(new Set(signedIn.map(({ body }) => sessionOf(body))).size).toBe(1);
    expect((await world.items()).filter((item) => item.phoneNumber === phone)).toHaveLength(1);
    expect(await listSessions(signedIn[0]?.body.customer.id)).toHaveLength(1);
  });

  test('after a crash at any call to the table makes one session and one customer', async () => {
    for (const isNew of [true, false]) {
      for (let crashAt = 1, isOver = false; !isOver; crashAt++) {
        const owner = isNew ? undefined : await signIn(world);
        world.advance(60);
        const { phone, send } = await prepare(owner?.phone);
        let calls = 0;
        // The function dies after this call has reached the table.
        world.engine.fail(() => (++calls >= crashAt ? 'lose response' : undefined));
        const crashed = await send();
        world.engine.heal();
        isOver = crashed.status !== 500;
        const repeated = await send();
        expect([repeated.status, phone]).toEqual([isNew ? 201 : 200, repeated.body.customer.phone_number]);
        expect((await world.items()).filter((item) => item.phoneNumber === phone)).toHaveLength(1);
        expect(await listSessions(repeated.body.customer.id)).toHaveLength(isNew ? 1 : 2);
      }
    }
  });

  test('leaves no usable code or token in the table, and no customer at the phone', async () => {
    const { otp, phone, send } = await prepare();
    const {
      access,
      refresh: token,
      device_token,
      customer,
    } = (await send({ headers: { 'Idempotency-Key': 'planted-key' } })).body;
    const stored = JSON.stringify(await world.items());
    const used = (await world.partition(otpKey(phone).pk)).find(({ sk }) => sk === 'OTP');
    expect(used?.code_customer_auth).toMatchObject({ usedFor: { isNew: true } });
    expect(JSON.stringify(used)).not.toContain(String(customer.id));
    for (const secret of [access, token, device_token, 'planted-key', `"${otp}"`]) expect(stored).not.toContain(secret);
  });
});

describe('a sign-in with an Idempotency-Key', () => {
  const headers = { 'Idempotency-Key': '8e03978e-40d5-43e8-bc93-6894a57f9324' };

  test('gets the same session, and 422 for another request with the key', async () => {
    const { send } = await prepare();
    const first = await send({ headers });
    expect(sessionOf((await send({ headers })).body)).toBe(sessionOf(first.body));
    const other = await send({ headers, body: { language: 'ar' } });
    expect([other.status, other.body.errors[0].code]).toEqual([422, 'idempotency_key_reused']);
  });

  test('is independent of the same key of another client', async () => {
    const [one, two] = [await prepare(), await prepare()];
    const responses = [await one.send({ headers }), await two.send({ headers })];
    expect(responses.map(({ status }) => status)).toEqual([201, 201]);
  });

  test('may be repeated after a failure, which is not recorded', async () => {
    const { otp, send } = await prepare();
    expect((await send({ headers, body: { otp: makeWrongOtp(otp) } })).status).toBe(400);
    expect((await send({ headers })).status).toBe(201);
  });
});
