import { decodeJwt } from 'jose';
import type { TestRequest } from '../../lib/testing/stage/event.ts';
import {
  type Account,
  cheapPasswords,
  logIn,
  newAccount,
  nextAddress,
  signUp,
  verify,
} from '../../lib/testing/stage/signUp.ts';
import { type TestResponse, useWorld } from '../../lib/testing/stage/world.ts';
import { handler as refreshToken } from '../auth/refresh.ts';
import { handler as forget } from './forget.ts';
import { handler as login } from './login.ts';
import { handler as reset } from './reset.ts';
import { handler as signup } from './signup.ts';

const world = useWorld();
beforeEach(() => cheapPasswords(world));

const headers = { 'Idempotency-Key': '8e03978e-40d5-43e8-bc93-6894a57f9324' };
const sessionOf = ({ body }: TestResponse) => decodeJwt(body.data.token).sid;
const refresh = ({ body }: TestResponse) => world.call(refreshToken, { body: { refresh: body.data.refresh_token } });
const sessionsOf = async (customerId: number) =>
  (await world.partition(`CUSTOMER#${customerId}`)).filter(({ sk }) => String(sk).startsWith('SESSION#')).length;
const customersWith = async (email: string) => (await world.items()).filter((item) => item.email === email).length;

/** Sends a new request for each call to the table, at which the function dies. */
async function crashAtEachCall(
  prepare: () => Promise<{ send: () => Promise<TestResponse>; check: () => Promise<void> }>,
): Promise<void> {
  for (let crashAt = 1, isOver = false; !isOver; crashAt++) {
    const { send, check } = await prepare();
    let calls = 0;
    world.engine.fail(() => (++calls >= crashAt ? 'lose response' : undefined));
    const { status } = await send();
    world.engine.heal();
    isOver = status < 500;
    await check();
  }
}

describe('a repeated login', () => {
  const prepare = async (body: object = {}) => {
    const account = await signUp(world);
    const { email, password } = account;
    const clientIp = nextAddress();
    const send = (changes: TestRequest = {}) =>
      world.call(login, { clientIp, ...changes, body: { email, password, ...body, ...(changes.body as object) } });
    return { account, send };
  };
  const deviceTokenOf = async (account: Account) => (await logIn(world, account)).body.data.device_token;

  test('with the same key gets the same session and refresh token', async () => {
    const { account, send } = await prepare();
    const first = await send({ headers });
    world.advance(59);
    const second = await send({ headers });
    expect([second.status, sessionOf(second)]).toEqual([200, sessionOf(first)]);
    const ids = [first, second].map(({ body }) => decodeJwt(body.data.refresh_token).jti);
    expect(ids[1]).toBe(ids[0]);
    expect(await sessionsOf(account.id)).toBe(2);
  });

  test("with the account's device token gets the same session without a key", async () => {
    const { account, send } = await prepare();
    const body = { device_token: await deviceTokenOf(account) };
    const first = await send({ body });
    expect(sessionOf(await send({ body }))).toBe(sessionOf(first));
  });

  test('without a key and a device token is another session', async () => {
    const { send } = await prepare();
    expect(sessionOf(await send())).not.toBe(sessionOf(await send()));
  });

  test("with another account's device token is another session", async () => {
    const { send } = await prepare();
    const body = { device_token: await deviceTokenOf(await signUp(world)) };
    expect(sessionOf(await send({ body }))).not.toBe(sessionOf(await send({ body })));
  });

  test.each([
    ['from another network', () => ({ headers, clientIp: nextAddress() })],
    ['with another key', () => ({ headers: { 'Idempotency-Key': 'another' } })],
    ['with another device token', () => ({ headers, body: { device_token: 'x.1.2.3.4' } })],
  ])('%s is another session', async (_, change) => {
    const { send } = await prepare();
    const first = await send({ headers });
    const other = await send(change());
    expect([other.status, sessionOf(other) === sessionOf(first)]).toEqual([200, false]);
  });

  test('with a wrong password is rejected', async () => {
    const { send } = await prepare();
    await send({ headers });
    expect((await send({ headers, body: { password: 'wrong' } })).status).toBe(403);
  });

  test('is another session after 60 s, and once the refresh token has been used', async () => {
    const { send } = await prepare();
    const first = await send({ headers });
    world.advance(60);
    const second = await send({ headers });
    expect(sessionOf(second)).not.toBe(sessionOf(first));
    expect((await refresh(second)).status).toBe(200);
    const third = await send({ headers });
    expect(sessionOf(third)).not.toBe(sessionOf(second));
    expect(sessionOf(await send({ headers }))).toBe(sessionOf(third));
  });

  test('beside its copies makes one session', async () => {
    const { account, send } = await prepare();
    const copies = await Promise.all([send({ headers }), send({ headers }), send({ headers })]);
    expect(new Set(copies.map(sessionOf)).size).toBe(1);
    expect(await sessionsOf(account.id)).toBe(2);
  });

  test('after a crash at any call to the table makes one session', async () => {
    await crashAtEachCall(async () => {
      const { account, send } = await prepare();
      const check = async () => {
        expect((await send({ headers })).status).toBe(200);
        expect(await sessionsOf(account.id)).toBe(2);
      };
      return { send: () => send({ headers }), check };
    });
  });
});

describe('a repeated sign-up', () => {
  const prepare = () => {
    const account = newAccount(world);
    const clientIp = nextAddress();
    const send = (changes: TestRequest = {}) =>
      world.call(signup, { clientIp, ...changes, body: { ...account, ...(changes.body as object) } });
    return { account, send };
  };
  const isTaken = ({ status, body }: TestResponse) => [status, Object.keys(body.errors.errorDetails)];

  test('with the same key gets the same customer and session', async () => {
    const { account, send } = prepare();
    const first = await send({ headers });
    const second = await send({ headers });
    expect([second.status, second.body.data.id, sessionOf(second)]).toEqual([
      200,
      first.body.data.id,
      sessionOf(first),
    ]);
    expect(await customersWith(account.email)).toBe(1);
    expect(await sessionsOf(first.body.data.id)).toBe(1);
  });

  test('without a key is rejected, because the e-mail address is taken', async () => {
    const { send } = prepare();
    await send();
    expect(isTaken(await send())).toEqual([423, ['email', 'phone']]);
  });

  test.each([
    ['from another network', () => ({ headers, clientIp: nextAddress() })],
    ['with another key', () => ({ headers: { 'Idempotency-Key': 'another' } })],
  ])('%s is rejected', async (_, change) => {
    const { send } = prepare();
    await send({ headers });
    expect(isTaken(await send(change()))).toEqual([423, ['email', 'phone']]);
  });

  test('is rejected after 60 s', async () => {
    const { send } = prepare();
    await send({ headers });
    world.advance(60);
    expect(isTaken(await send({ headers }))).toEqual([423, ['email', 'phone']]);
  });

  test.each([
    ['name', { name: 'Another' }],
    ['password', { password: 'red tea 99 cups' }],
  ])('with the same key and another %s is a conflict', async (_, body) => {
    const { send } = prepare();
    await send({ headers });
    expect((await send({ headers, body })).status).toBe(422);
  });

  test('beside its copies makes one customer', async () => {
    const { account, send } = prepare();
    const copies = await Promise.all([send({ headers }), send({ headers }), send({ headers })]);
    expect(copies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(copies.map(sessionOf)).size).toBe(1);
    expect(await customersWith(account.email)).toBe(1);
  });

  test('after a crash at any call to the table makes one customer', async () => {
    await crashAtEachCall(async () => {
      const { account, send } = prepare();
      const check = async () => {
        const { status, body } = await send({ headers });
        expect(status).toBe(200);
        expect(await customersWith(account.email)).toBe(1);
        expect(await sessionsOf(body.data.id)).toBe(1);
      };
      return { send: () => send({ headers }), check };
    });
  });

  test('leaves neither the key nor the password in the table', async () => {
    const { account, send } = prepare();
    await send({ headers });
    const stored = JSON.stringify(await world.items());
    for (const secret of [headers['Idempotency-Key'], account.password]) expect(stored).not.toContain(secret);
  });
});

describe('a repeated reset of a password', () => {
  const password = 'orange cat on a roof';
  const prepare = async () => {
    const account = await signUp(world);
    await verify(world, account);
    world.advance(60);
    const clientIp = nextAddress();
    await world.call(forget, { body: { email: account.email }, clientIp });
    const token = world.otpFor(account.phone);
    const send = (changes: TestRequest = {}) => {
      const body = { email: account.email, token, password, ...(changes.body as object) };
      return world.call(reset, { clientIp, ...changes, body });
    };
    return { account, send };
  };

  test('with the same key gets 200, ends no session again and counts no wrong code', async () => {
    const { account, send } = await prepare();
    expect((await send({ headers })).status).toBe(200);
    await logIn(world, { email: account.email, password });
    const before = await sessionsOf(account.id);
    for (let repeats = 0; repeats < 12; repeats++) expect((await send({ headers })).status).toBe(200);
    expect(await sessionsOf(account.id)).toBe(before);
  });

  test('without a key, or with another one, is a wrong code', async () => {
    const { send } = await prepare();
    await send({ headers });
    expect((await send()).status).toBe(403);
    expect((await send({ headers: { 'Idempotency-Key': 'another' } })).status).toBe(403);
  });

  test('with another password is a conflict, and leaves the first one', async () => {
    const { account, send } = await prepare();
    await send({ headers });
    expect((await send({ headers, body: { password: 'another cat on a roof' } })).status).toBe(422);
    expect((await logIn(world, { email: account.email, password })).status).toBe(200);
  });

  test('beside its copies sets the password once', async () => {
    const { account, send } = await prepare();
    const copies = await Promise.all([send({ headers }), send({ headers })]);
    expect(copies.some(({ status }) => status === 200)).toBe(true);
    expect((await send({ headers })).status).toBe(200);
    expect((await logIn(world, { email: account.email, password })).status).toBe(200);
  });

  test('after a crash at any call to the table sets the password', async () => {
    await crashAtEachCall(async () => {
      const { account, send } = await prepare();
      const check = async () => {
        expect((await send({ headers })).status).toBe(200);
        expect((await logIn(world, { email: account.email, password })).status).toBe(200);
      };
      return { send: () => send({ headers }), check };
    });
  });
});
