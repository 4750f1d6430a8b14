import * as countries from '../../lib/countries/countryRepository.ts';
import { clientSendsKey } from '../../lib/table/keys.ts';
import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { authenticateWith, requestCode, signIn } from '../../lib/testing/stage/signIn.ts';
import { type Account, cheapPasswords, logIn, nextAddress, signUp, verify } from '../../lib/testing/stage/signUp.ts';
import { type TestResponse, useWorld } from '../../lib/testing/stage/world.ts';
import { handler as logoutAllDevices } from '../auth/logoutAllDevices.ts';
import { handler as sendOtp } from '../auth/sendOtp.ts';
import { handler as getCustomer } from '../customers/get.ts';
import { handler as updateCustomer } from '../customers/update.ts';
import { handler as createDevice } from '../devices/create.ts';
import { handler as listDevices } from '../devices/list.ts';
import { handler as forget } from './forget.ts';
import { handler as reset } from './reset.ts';
import { handler as setPassword } from './set.ts';

const world = useWorld({ seed: ['countries', 'settings', 'passwords'] });
beforeEach(() => cheapPasswords(world));

const fieldsOf = ({ status, body }: TestResponse) => [status, Object.keys(body.errors?.errorDetails ?? {})];
const statusOf = async (token: string) => (await world.call(getCustomer, { method: 'GET', token })).status;
const askForCode = (body: object, clientIp = nextAddress()) => world.call(forget, { body, clientIp });
const resetWith = (body: object, clientIp = nextAddress()) => world.call(reset, { body, clientIp });
const newPassword = 'orange cat on a roof';

async function resetCode(phone: string): Promise<string> {
  const body = { phone_number: phone, otp_type: 'password_reset' };
  await world.call(sendOtp, { body, clientIp: nextAddress() });
  return world.codeFor(phone);
}

async function verified(): Promise<Account> {
  const account = await signUp(world);
  await verify(world, account);
  world.advance(60);
  return account;
}

async function withCode(): Promise<Account & { code: string }> {
  const account = await verified();
  await askForCode({ email: account.email });
  return { ...account, code: world.codeFor(account.phone) };
}

describe('forget password', () => {
  test('sends a code to the verified phone of an account, found by either name', async () => {
    const { email, phone } = await verified();
    for (const body of [{ email: ` ${email.toUpperCase()}` }, { phone: phone.replace('+', '00') }]) {
      const before = world.sandbox.messages.list(phone).length;
      const response = await askForCode(body);
      expect([response.status, response.body]).toEqual([200, { code: 200, data: null }]);
      expect(world.sandbox.messages.list(phone)).toHaveLength(before + 1);
      world.advance(300);
    }
  });

  test('answers alike and in the same time, whether there is an account, a limit or a fault', async () => {
    const { email, phone } = await verified();
    world.set({ PASSWORD_REQUEST_MS: '300' });
    const timed = async (body: object) => {
      const startedAt = performance.now();
      const { status, body: response } = await askForCode(body);
      expect([status, response]).toEqual([200, { code: 200, data: null }]);
      return performance.now() - startedAt;
    };
    const sent = await timed({ email });
    const times = [
      sent,
      await timed({ email }),
      await timed({ email: 'ghost@example.com' }),
      await timed({ phone: world.phone() }),
    ];
    world.advance(3_600);
    world.sandbox.faults.internal_error = true;
    times.push(await timed({ phone }));
    for (const time of times) expect(time).toBeGreaterThanOrEqual(295);
  });

  test('leaves the same behind whether there is an account or not: the next codes come or wait alike', async () => {
    const known = await verified();
    const unknown = world.phone();
    const next = async (phone: string) => {
      await askForCode({ phone });
      const ask = async (otp_type: string) =>
        (await world.call(sendOtp, { body: { phone_number: phone, otp_type }, clientIp: nextAddress() })).status;
      return { reset: await ask('password_reset'), signIn: await ask('customer_auth') };
    };
    const waits = { reset: 429, signIn: 200 };
    expect({ known: await next(known.phone), unknown: await next(unknown) }).toEqual({ known: waits, unknown: waits });
    expect(world.sandbox.messages.list(unknown)).toHaveLength(1);

    const sendsAfter = async (email: string) => {
      const clientIp = nextAddress();
      for (let request = 0; request < 4; request++) await askForCode({ email }, clientIp);
      const { pk, sk } = clientSendsKey(clientIp);
      const counted = (await world.partition(pk)).find((item) => item.sk === sk);
      return Object.entries(counted ?? {}).filter(([name, at]) => /^sent/.test(name) && at !== 0).length;
    };
    world.advance(3_600);
    expect([await sendsAfter('ghost@example.com'), await sendsAfter(known.email)]).toEqual([4, 4]);
  });

  test('sends nothing into a country that is not served any more', async () => {
    const account = await signUp(world, { phone: '+96550012345' });
    await verify(world, account);
    world.advance(3_600);
    world.keepNothing();
    const kuwait = await countries.find('KW');
    await countries.save({ ...kuwait, active: false });
    const before = world.sandbox.messages.list(account.phone).length;
    expect((await askForCode({ email: account.email })).status).toBe(200);
    expect(world.sandbox.messages.list(account.phone)).toHaveLength(before);
    await countries.save(kuwait);
    await askForCode({ email: account.email });
    expect(world.sandbox.messages.list(account.phone)).toHaveLength(before + 1);
  });

  test('who only knows an e-mail address cannot use up the codes and tries of its owner', async () => {
    const { email, phone } = await verified();
    for (let round = 0; round < 12; round++) {
      await askForCode({ email });
      for (let guess = 0; guess < 5; guess++) await resetWith({ email, token: 'wrong', password: newPassword });
      world.advance(3_600);
    }
    const code = await requestCode(world, phone);
    expect((await authenticateWith(world, phone, code)).status).toBe(200);
  });

  test('is answered twenty times an hour for a client address, however many ask at once', async () => {
    const address = nextAddress();
    const responses = await Promise.all(
      Array.from({ length: 25 }, () => askForCode({ email: 'ghost@example.com' }, address)),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([...Array(20).fill(200), ...Array(5).fill(429)]);
  });

  test.each([
    ['neither', {}, ['email', 'phone']],
    ['no body', undefined, ['email', 'phone']],
    ['both', { email: 'a@example.com', phone: '+201001234567' }, ['phone']],
    ['an e-mail that is none', { email: 'a' }, ['email']],
  ])('refuses %s', async (_, body, fields) => {
    expect(fieldsOf(await world.call(forget, { body, clientIp: nextAddress() }))).toEqual([423, fields]);
  });
});

describe('reset password', () => {
  test('ends also a session whose item is still in the table', async () => {
    const { email, code, token, id } = await withCode();
    const before = await world.partition(`CUSTOMER#${id}`);
    const session = before.find(({ sk }) => String(sk).startsWith('SESSION#')) ?? {};
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(200);
    await world.put(session);
    expect((await world.call(getCustomer, { method: 'GET', token })).status).toBe(401);
  });

  test('by the code sets the password and ends every session', async () => {
    const { email, password, token: session, code } = await withCode();
    const { body: other } = await logIn(world, { email, password });
    await world.call(createDevice, { token: session, body: { registration_id: `reset ${email}`, type: 'ios' } });
    const { status, body } = await resetWith({ email, token: code, password: newPassword });
    expect([status, body]).toEqual([200, { code: 200, data: null }]);
    expect([await statusOf(session), await statusOf(other.data.token)]).toEqual([401, 401]);
    expect((await logIn(world, { email, password })).status).toBe(403);
    const { body: back } = await logIn(world, { email, password: newPassword });
    const devices = await world.call(listDevices, { method: 'GET', token: back.data.token });
    expect(devices.body.map(({ active }: { active: boolean }) => active)).toEqual([false]);
  });

  test('ends every session, however many were opened at once; there are never more than ten', async () => {
    const { email, password, id, token: first, code } = await withCode();
    const responses = await Promise.all(Array.from({ length: 40 }, () => logIn(world, { email, password })));
    const tokens = responses.filter(({ status }) => status === 200).map(({ body }) => body.data.token);
    expect(tokens.length).toBeGreaterThan(5);
    const open = (await world.partition(`CUSTOMER#${id}`)).filter(({ sk }) => String(sk).startsWith('SESSION#'));
    expect(open.length).toBeLessThanOrEqual(10);
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(200);
    for (const token of [first, ...tokens]) expect(await statusOf(token)).toBe(401);
  });

  test('deletes no failures at another account that had the same e-mail address', async () => {
    const victim = await signUp(world);
    const thief = await withCode();
    expect((await logIn(world, thief)).status).toBe(200);
    const request = { method: 'PATCH', token: thief.token, body: { email: victim.email } };
    expect((await world.call(updateCustomer, request)).status).toBe(200);
    const clientIp = nextAddress();
    const guess = async () => (await logIn(world, { ...victim, password: 'guess' }, { clientIp })).status;
    for (let turn = 0; turn < 9; turn++) expect(await guess()).toBe(403);
    const reset = { phone: thief.phone, token: thief.code, password: newPassword };
    expect((await resetWith(reset, clientIp)).status).toBe(200);
    expect([await guess(), await guess()]).toEqual([403, 429]);
  });

  test('counts wrong codes for a phone alike, whether or not an account has it', async () => {
    const { phone } = await verified();
    const attemptsLeft = async (phone: string) => {
      const clientIp = nextAddress();
      await askForCode({ phone }, clientIp);
      for (let turn = 0; turn < 9; turn++) await resetWith({ phone, token: '000000', password: newPassword }, clientIp);
      const attempts = Array.from({ length: 9 }, () => authenticateWith(world, phone, '000000', { clientIp }));
      return (await Promise.all(attempts)).filter(({ status }) => status === 400).length;
    };
    expect([await attemptsLeft(phone), await attemptsLeft(world.phone())]).toEqual([2, 2]);
  });

  test('lets its owner in at once, also from where the old password was tried too often', async () => {
    for (const name of ['email', 'phone'] as const) {
      const account = await withCode();
      const { email, code: token } = account;
      const clientIp = nextAddress();
      for (let guess = 0; guess < 12; guess++) await logIn(world, { email, password: 'forgotten' }, { clientIp });
      const body = { [name]: account[name], token, password: newPassword };
      expect((await resetWith(body, clientIp)).status).toBe(200);
      expect((await logIn(world, { email, password: newPassword }, { clientIp })).status).toBe(200);
    }
  });

  test('takes a code once, however many bring it at once', async () => {
    const { phone, code } = await withCode();
    const passwords = Array.from({ length: 4 }, (_, index) => `${newPassword} ${index}`);
    const responses = await Promise.all(passwords.map((password) => resetWith({ phone, token: code, password })));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403]);
    expect((await resetWith({ phone, token: code, password: newPassword })).status).toBe(403);
  });

  test('answers a wrong code, an old one, another account’s and an unknown account alike, after the same calls', async () => {
    const { email, code } = await withCode();
    const other = await withCode();
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    const seen = [];
    for (const [name, token] of [
      [email, wrong],
      [email, other.code === code ? wrong : other.code],
      ['ghost@example.com', code],
    ]) {
      world.engine.record();
      const { status, body } = await resetWith({ email: name, token, password: newPassword });
      seen.push(JSON.stringify({ status, body, calls: world.engine.calls.map(({ operation }) => operation).sort() }));
    }
    expect(new Set(seen).size).toBe(1);
    expect(JSON.parse(seen[0] ?? '')).toMatchObject({ status: 403, body: { code: 403 } });
    world.advance(300);
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(403);
  });

  test('lets five guesses be compared, and then no more, with a code or without an account', async () => {
    const { email, code } = await withCode();
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    for (const name of [email, 'ghost@example.com']) {
      const guesses = Array.from({ length: 5 }, () => resetWith({ email: name, token: wrong, password: newPassword }));
      expect((await Promise.all(guesses)).map(({ status }) => status)).toEqual(Array(5).fill(403));
      expect((await resetWith({ email: name, token: code, password: newPassword })).status).toBe(403);
    }
  });

  test.each([
    ['nothing', {}, ['email', 'phone', 'token', 'password']],
    ['both names', { email: 'a@example.com', phone: '+201001234567', token: '1', password: newPassword }, ['phone']],
    ['a common password', { email: 'a@example.com', token: '1', password: 'password1' }, ['password']],
    ['a list', { email: 'a@example.com', token: ['1'], password: [] }, ['token', 'password']],
  ])('refuses %s', async (_, body, fields) => {
    const response = await resetWith(body);
    expect([response.status, Object.keys(response.body.errors.errorDetails).sort()]).toEqual([423, fields.sort()]);
  });

  test('ends also a session that is opened at the same moment with the old password', async () => {
    for (let round = 0; round < 5; round++) {
      const { email, password, code } = await withCode();
      const [done, ...logins] = await Promise.all([
        resetWith({ email, token: code, password: newPassword }),
        ...Array.from({ length: 4 }, () => logIn(world, { email, password })),
      ]);
      expect(done?.status).toBe(200);
      for (const { status, body } of logins) {
        expect([200, 403, 429]).toContain(status);
        if (status === 200) expect(await statusOf(body.data.token)).toBe(401);
      }
    }
  });

  test('gives a customer of codes a first password', async () => {
    const { phone, access } = await signIn(world);
    await world.call(updateCustomer, { method: 'PATCH', token: access, body: { email: 'first@example.com' } });
    world.advance(60);
    await askForCode({ phone });
    expect((await resetWith({ phone, token: world.codeFor(phone), password: newPassword })).status).toBe(200);
    expect((await logIn(world, { email: 'first@example.com', password: newPassword })).status).toBe(200);
  });

  test('changes nothing when the table fails on the way, and can be repeated', async () => {
    const { email, code } = await withCode();
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' ? { status: 500, type: 'InternalServerError' } : undefined,
    );
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(500);
    world.engine.heal();
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(200);
  });

  test('asks the table at most seven times, one call after another', async () => {
    const { email, code } = await withCode();
    world.engine.record();
    await resetWith({ email, token: code, password: newPassword });
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(7);
  });
});

describe('a customer of codes', () => {
  const choose = (token: string, body: object) => world.call(setPassword, { token, body });

  test('sets an e-mail and a password just after signing in, and has two doors', async () => {
    const { access, customer } = await signIn(world);
    const { status, body } = await choose(access, { email: ' Two.Doors@example.com', password: newPassword });
    expect([status, body.id, body.email]).toEqual([200, customer.id, 'two.doors@example.com']);
    const { body: opened } = await logIn(world, { email: 'two.doors@example.com', password: newPassword });
    expect([opened.data.id, opened.data.phone_verified]).toEqual([customer.id, true]);
    expect(await statusOf(access)).toBe(200);
  });

  test('needs a new code when the last one is ten minutes old', async () => {
    const { access, phone } = await signIn(world);
    const wanted = { email: 'later@example.com', password: newPassword };
    world.advance(600);
    const rejected = await choose(access, wanted);
    expect([rejected.status, rejected.body.errors[0].code]).toEqual([403, 'recent_code_required']);
    const otp = await resetCode(phone);
    const wrong = String((Number(otp) + 1) % 1_000_000).padStart(6, '0');
    expect((await choose(access, { ...wanted, otp: wrong })).body.errors[0]).toMatchObject({
      code: 'otp_invalid',
      attr: 'otp',
    });
    expect((await choose(access, { ...wanted, otp })).status).toBe(200);
    expect((await choose(access, { ...wanted, otp })).body.errors[0]).toMatchObject({ code: 'otp_expired' });
  });

  test('does it in a session that a password opened within the last ten minutes', async () => {
    const { email, password } = await verified();
    const { body } = await logIn(world, { email, password });
    world.advance(600);
    expect((await choose(body.data.token, { password: newPassword })).status).toBe(403);
    const again = await logIn(world, { email, password });
    world.advance(599);
    expect((await choose(again.body.data.token, { password: newPassword })).status).toBe(200);
  });

  test('ends the other sessions with a new password, not with the first one', async () => {
    const one = await signIn(world);
    world.advance(60);
    const two = await authenticateWith(world, one.phone, await requestCode(world, one.phone), {
      registrationId: 'second',
    });
    expect((await choose(one.access, { email: 'others@example.com', password: newPassword })).status).toBe(200);
    expect(await statusOf(two.body.access)).toBe(200);
    expect((await choose(one.access, { password: `${newPassword}!` })).status).toBe(200);
    expect([await statusOf(one.access), await statusOf(two.body.access)]).toEqual([200, 401]);
  });

  test('stops pushes to the devices of the sessions that end', async () => {
    const one = await signIn(world);
    world.advance(60);
    await authenticateWith(world, one.phone, await requestCode(world, one.phone), { registrationId: 'lost phone' });
    await choose(one.access, { email: 'lost.phone@example.com', password: newPassword });
    await choose(one.access, { password: `${newPassword}!` });
    const { body } = await world.call(listDevices, { method: 'GET', token: one.access });
    const active = body.map((device: { registration_id: string; active: boolean }) => [
      device.registration_id,
      device.active,
    ]);
    expect(Object.fromEntries(active)).toEqual({ 'lost phone': false, [one.registrationId]: true });
  });

  test('changes both or none when the table fails on the way', async () => {
    const { access } = await signIn(world);
    await choose(access, { email: 'both.old@example.com', password: newPassword });
    world.engine.fail((operation, body) =>
      operation === 'TransactWriteItems' && body.includes('PASSWORD')
        ? { status: 500, type: 'InternalServerError' }
        : undefined,
    );
    expect((await choose(access, { email: 'both.new@example.com', password: `${newPassword}!` })).status).toBe(500);
    world.engine.heal();
    expect((await logIn(world, { email: 'both.old@example.com', password: newPassword })).status).toBe(200);
    expect((await logIn(world, { email: 'both.new@example.com', password: newPassword })).status).toBe(403);
  });

  test('is told which fields are wrong, all at once, and nothing is changed', async () => {
    const { access } = await signIn(world);
    const attrs = async (body: object) =>
      (await choose(access, body)).body.errors.map(
        ({ attr, code }: { attr: string; code: string }) => `${attr} ${code}`,
      );
    expect(await attrs({ email: 'x', password: 'short' })).toEqual(['email invalid', 'password min_length']);
    expect(await attrs({ password: newPassword })).toEqual(['email required']);
    expect(await attrs({ email: 'a@example.com', password: 'qwertyuiop' })).toEqual(['password too_common']);
    const other = await verified();
    expect(await attrs({ email: other.email, password: newPassword })).toEqual(['email unique']);
    expect((await world.call(getCustomer, { method: 'GET', token: access })).body.email).toBe('');
  });

  test.each(['first', 'next'])('is not done for a session that ended meanwhile, as its %s password', async (which) => {
    const { access, phone } = await signIn(world);
    const email = `ended.${which}@example.com`;
    if (which === 'next') await choose(access, { email, password: newPassword });
    world.advance(300);
    const otp = await resetCode(phone);
    world.keepNothing();
    world.beforeResponse('ssm:GetParameter otp-secrets', () => world.call(logoutAllDevices, { token: access }));
    const { status, body } = await choose(access, { email, password: 'violet bicycle 77', otp });
    expect([status, body.errors[0].code]).toEqual([401, 'token_not_valid']);
    expect((await logIn(world, { email, password: 'violet bicycle 77' })).status).toBe(403);
  });

  test('counts no wrong try where the code was right and the e-mail is somebody else’s', async () => {
    const { access, phone } = await signIn(world);
    const other = await verified();
    world.advance(60);
    world.set({ EMAIL_CHANGES_PER_DAY: '10' });
    const otp = await resetCode(phone);
    for (let again = 0; again < 7; again++) {
      expect((await choose(access, { email: other.email, password: newPassword, otp })).body.errors[0].code).toBe(
        'unique',
      );
    }
    expect((await choose(access, { email: 'mine@example.com', password: newPassword, otp })).status).toBe(200);
  });

  test('takes no password that everybody who knows the customer would try, nor does a reset', async () => {
    const { email, phone, code, token } = await withCode();
    const national = `0${phone.slice(3)}`;
    const byCode = await signIn(world);
    for (const password of [
      byCode.phone,
      `0${byCode.phone.slice(3, 5)}-${byCode.phone.slice(5)}!`,
      'own@example.com ',
    ]) {
      const { body } = await choose(byCode.access, { email: 'own@example.com', password });
      expect(body.errors).toMatchObject([{ attr: 'password', code: 'too_common' }]);
    }
    for (const password of [national, phone, email.toUpperCase()]) {
      for (const name of [{ email }, { phone }]) {
        const { status, body } = await resetWith({ ...name, token: code, password });
        expect([status, Object.keys(body.errors.errorDetails)]).toEqual([423, ['password']]);
      }
    }
    expect(await statusOf(token)).toBe(200);
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(200);
  });

  test('who sends it twice at once has it once', async () => {
    const { access } = await signIn(world);
    const wanted = { email: 'twice@example.com', password: newPassword };
    const responses = await Promise.all([choose(access, wanted), choose(access, wanted)]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    expect((await logIn(world, wanted)).status).toBe(200);
  });
});
