import * as countries from '../../lib/countries/countryRepository.ts';
import { suppressEmail } from '../../lib/messages/suppressedEmails.ts';
import { clientCallsKey, otpKey } from '../../lib/table/keys.ts';
import { verifyAddress } from '../../lib/testing/stage/emails.ts';
import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
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

const listFields = ({ status, body }: TestResponse) => [status, Object.keys(body.errors?.errorDetails ?? {})];
const getStatus = async (token: string) => (await world.call(getCustomer, { method: 'GET', token })).status;
const requestReset = (body: object, clientIp = nextAddress()) => world.call(forget, { body, clientIp });
const resetWith = (body: object, clientIp = nextAddress()) => world.call(reset, { body, clientIp });
const newPassword = 'orange cat on a roof';

async function requestResetOtp(phone: string): Promise<string> {
  const body = { phone_number: phone, otp_type: 'password_reset' };
  await world.call(sendOtp, { body, clientIp: nextAddress() });
  return world.otpFor(phone);
}

async function signUpVerified(): Promise<Account> {
  const account = await signUp(world);
  await verify(world, account);
  world.advance(60);
  return account;
}

async function signUpWithOtp(): Promise<Account & { code: string }> {
  const account = await signUpVerified();
  await requestReset({ email: account.email });
  return { ...account, code: world.otpFor(account.phone) };
}

describe('forget', () => {
  test('sends an OTP to the verified phone of an account, found by e-mail or phone', async () => {
    const { email, phone } = await signUpVerified();
    for (const body of [{ email: ` ${email.toUpperCase()}` }, { phone: phone.replace('+', '00') }]) {
      const before = world.sandbox.messages.list(phone).length;
      const response = await requestReset(body);
      expect([response.status, response.body]).toEqual([200, { code: 200, data: null }]);
      expect(world.sandbox.messages.list(phone)).toHaveLength(before + 1);
      world.advance(300);
    }
  });

  test('returns the same response in the same time with or without an account, a limit or a fault', async () => {
    const { email, phone } = await signUpVerified();
    world.set({ PASSWORD_REQUEST_MS: '300' });
    const measure = async (body: object) => {
      const startedAt = performance.now();
      const { status, body: response } = await requestReset(body);
      expect([status, response]).toEqual([200, { code: 200, data: null }]);
      return performance.now() - startedAt;
    };
    const times = [
      await measure({ email }),
      await measure({ email }),
      await measure({ email: 'ghost@example.com' }),
      await measure({ phone: world.phone() }),
    ];
    world.advance(3_600);
    world.sandbox.faults.internal_error = true;
    times.push(await measure({ phone }));
    for (const time of times) expect(time).toBeGreaterThanOrEqual(295);
  });

  test('counts the same sends and waits with or without an account', async () => {
    const registered = await signUpVerified();
    const unregistered = world.phone();
    const sendNext = async (phone: string) => {
      await requestReset({ phone });
      const send = async (otp_type: string) =>
        (await world.call(sendOtp, { body: { phone_number: phone, otp_type }, clientIp: nextAddress() })).status;
      return { reset: await send('password_reset'), signIn: await send('customer_auth') };
    };
    const statuses = { reset: 429, signIn: 200 };
    expect([await sendNext(registered.phone), await sendNext(unregistered)]).toEqual([statuses, statuses]);
    expect(world.sandbox.messages.list(unregistered)).toHaveLength(1);

    const countSends = async (email: string) => {
      const clientIp = nextAddress();
      for (let request = 0; request < 4; request++) await requestReset({ email }, clientIp);
      const { pk, sk } = clientCallsKey(clientIp, 'SENDS');
      const counters = (await world.partition(pk)).find((item) => item.sk === sk);
      return Object.entries(counters ?? {}).filter(([name, at]) => /^sent/.test(name) && at !== 0).length;
    };
    world.advance(3_600);
    expect([await countSends('ghost@example.com'), await countSends(registered.email)]).toEqual([4, 4]);
  });

  test('sends an OTP to the verified e-mail address of an account without a verified phone', async () => {
    const { token, email, phone } = await signUp(world);
    await verifyAddress(world, token, email);
    world.advance(60);
    for (const body of [{ email }, { phone }]) {
      const before = world.sandbox.messages.list(email).length;
      expect((await requestReset(body)).status).toBe(200);
      expect(world.sandbox.messages.list(email)).toHaveLength(before + 1);
      world.advance(3_600);
    }
    expect(world.sandbox.messages.list(phone)).toEqual([]);
    const body = { email, token: world.otpFor(email), password: newPassword };
    expect((await resetWith(body)).status).toBe(403);
    await requestReset({ email });
    expect((await resetWith({ ...body, token: world.otpFor(email) })).status).toBe(200);
    expect((await logIn(world, { email, password: newPassword })).status).toBe(200);
  });

  test('is followed by an SMS to the verified phone, if the reset was by e-mail', async () => {
    const account = await signUpVerified();
    const { email, phone } = account;
    await verifyAddress(world, (await logIn(world, account)).body.data.token, email);
    world.advance(3_600);
    await requestReset({ email, channel: 'email' });
    const body = { email, token: world.otpFor(email), password: newPassword };
    expect((await resetWith(body)).status).toBe(200);
    const [notice] = world.sandbox.messages.list(phone);
    expect(notice?.text).toContain('A new password was set for your account.');
  });

  test('sends an OTP by the channel that the client names, if the account has verified something for it', async () => {
    const account = await signUpVerified();
    const { email, phone } = account;
    const sent = async (channel: string) => {
      const before = [email, phone].map((to) => world.sandbox.messages.list(to).length);
      expect((await requestReset({ email, channel })).status).toBe(200);
      world.advance(3_600);
      return [email, phone].map((to, index) => world.sandbox.messages.list(to).length - (before[index] ?? 0));
    };
    expect([await sent('sms'), await sent('email')]).toEqual([
      [0, 1],
      [0, 0],
    ]);
    await verifyAddress(world, (await logIn(world, account)).body.data.token, email);
    world.advance(3_600);
    expect([await sent('sms'), await sent('email')]).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(listFields(await requestReset({ email, channel: 'pigeon' }))).toEqual([423, ['channel']]);
  });

  test('by e-mail returns the same response, and counts the same, with or without an account', async () => {
    const { token, email } = await signUp(world);
    await verifyAddress(world, token, email);
    world.advance(3_600);
    const countSends = async (address: string) => {
      const statuses = [];
      for (let turn = 0; turn < 4; turn++) {
        statuses.push((await requestReset({ email: address, channel: 'email' })).status);
        world.advance(3_600);
      }
      const items = await world.partition(otpKey(address).pk);
      const counters = Object.entries(items.find(({ sk }) => sk === 'OTP') ?? {});
      return { statuses, sent: counters.filter(([name, at]) => /^otherSent/.test(name) && at !== 0).length };
    };
    const [known, unknown] = [await countSends(email), await countSends('ghost.by.mail@example.com')];
    expect([known.sent, unknown]).toEqual([3, known]);
    expect(world.sandbox.messages.list('ghost.by.mail@example.com')).toEqual([]);
  });

  test('sends no OTP to an address that is not verified or whose e-mails bounced', async () => {
    const [unverified, bounced] = [await signUp(world), await signUp(world)];
    await verifyAddress(world, bounced.token, bounced.email);
    await suppressEmail(bounced.email, 'bounce');
    world.advance(3_600);
    for (const { email } of [unverified, bounced]) {
      const before = world.sandbox.messages.list(email).length;
      const response = await requestReset({ email, channel: 'email' });
      expect([response.status, response.body]).toEqual([200, { code: 200, data: null }]);
      expect(world.sandbox.messages.list(email)).toHaveLength(before);
    }
  });

  test('sends nothing to a country that is no longer served', async () => {
    const account = await signUp(world, { phone: '+96550012345' });
    await verify(world, account);
    world.advance(3_600);
    world.disableCaches();
    const kuwait = await countries.find('KW');
    await countries.save({ ...kuwait, active: false });
    const before = world.sandbox.messages.list(account.phone).length;
    expect((await requestReset({ email: account.email })).status).toBe(200);
    expect(world.sandbox.messages.list(account.phone)).toHaveLength(before);
    await countries.save(kuwait);
    await requestReset({ email: account.email });
    expect(world.sandbox.messages.list(account.phone)).toHaveLength(before + 1);
  });

  test('cannot use up the sign-in OTPs and attempts of the owner of an e-mail address', async () => {
    const { email, phone } = await signUpVerified();
    for (let round = 0; round < 12; round++) {
      await requestReset({ email });
      for (let guess = 0; guess < 5; guess++) await resetWith({ email, token: 'wrong', password: newPassword });
      world.advance(3_600);
    }
    const code = await requestOtp(world, phone);
    expect((await authenticateWith(world, phone, code)).status).toBe(200);
  });

  test('accepts twenty requests an hour from one IP address, even in parallel', async () => {
    const address = nextAddress();
    const responses = await Promise.all(
      Array.from({ length: 25 }, () => requestReset({ email: 'ghost@example.com' }, address)),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([...Array(20).fill(200), ...Array(5).fill(429)]);
  });

  test.each([
    ['neither an e-mail nor a phone', {}, ['email', 'phone']],
    ['no body', undefined, ['email', 'phone']],
    ['both an e-mail and a phone', { email: 'a@example.com', phone: '+201001234567' }, ['phone']],
    ['an invalid e-mail', { email: 'a' }, ['email']],
  ])('rejects %s', async (_, body, fields) => {
    expect(listFields(await world.call(forget, { body, clientIp: nextAddress() }))).toEqual([423, fields]);
  });
});

describe('reset', () => {
  test('revokes a session even if its item is still in the table', async () => {
    const { email, code, token, id } = await signUpWithOtp();
    const before = await world.partition(`CUSTOMER#${id}`);
    const session = before.find(({ sk }) => String(sk).startsWith('SESSION#')) ?? {};
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(200);
    await world.put(session);
    expect((await world.call(getCustomer, { method: 'GET', token })).status).toBe(401);
  });

  test('sets the password and revokes every session', async () => {
    const { email, password, token: session, code } = await signUpWithOtp();
    const { body: other } = await logIn(world, { email, password });
    await world.call(createDevice, { token: session, body: { registration_id: `reset ${email}`, type: 'ios' } });
    const { status, body } = await resetWith({ email, token: code, password: newPassword });
    expect([status, body]).toEqual([200, { code: 200, data: null }]);
    expect([await getStatus(session), await getStatus(other.data.token)]).toEqual([401, 401]);
    expect((await logIn(world, { email, password })).status).toBe(403);
    const { body: loggedIn } = await logIn(world, { email, password: newPassword });
    const devices = await world.call(listDevices, { method: 'GET', token: loggedIn.data.token });
    expect(devices.body.map(({ active }: { active: boolean }) => active)).toEqual([false]);
  });

  test('revokes every session after parallel logins, which create at most ten', async () => {
    const { email, password, id, token: first, code } = await signUpWithOtp();
    const responses = await Promise.all(Array.from({ length: 40 }, () => logIn(world, { email, password })));
    const tokens = responses.filter(({ status }) => status === 200).map(({ body }) => body.data.token);
    expect(tokens.length).toBeGreaterThan(5);
    const sessions = (await world.partition(`CUSTOMER#${id}`)).filter(({ sk }) => String(sk).startsWith('SESSION#'));
    expect(sessions.length).toBeLessThanOrEqual(10);
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(200);
    for (const token of [first, ...tokens]) expect(await getStatus(token)).toBe(401);
  });

  test('keeps the failure counter of another account with the same e-mail address', async () => {
    const victim = await signUp(world);
    const thief = await signUpWithOtp();
    expect((await logIn(world, thief)).status).toBe(200);
    await verifyAddress(world, thief.token, victim.email);
    const clientIp = nextAddress();
    const guess = async () => (await logIn(world, { ...victim, password: 'guess' }, { clientIp })).status;
    for (let turn = 0; turn < 9; turn++) expect(await guess()).toBe(403);
    const reset = { phone: thief.phone, token: thief.code, password: newPassword };
    expect((await resetWith(reset, clientIp)).status).toBe(200);
    expect([await guess(), await guess()]).toEqual([403, 429]);
  });

  test('counts wrong OTPs for a phone the same with or without an account', async () => {
    const { phone } = await signUpVerified();
    const countAttemptsLeft = async (phone: string) => {
      const clientIp = nextAddress();
      await requestReset({ phone }, clientIp);
      for (let turn = 0; turn < 9; turn++) await resetWith({ phone, token: '000000', password: newPassword }, clientIp);
      const attempts = Array.from({ length: 9 }, () => authenticateWith(world, phone, '000000', { clientIp }));
      return (await Promise.all(attempts)).filter(({ status }) => status === 400).length;
    };
    expect([await countAttemptsLeft(phone), await countAttemptsLeft(world.phone())]).toEqual([7, 7]);
  });

  test('allows a login immediately, even from an IP address with too many failures', async () => {
    for (const name of ['email', 'phone'] as const) {
      const account = await signUpWithOtp();
      const { email, code: token } = account;
      const clientIp = nextAddress();
      for (let guess = 0; guess < 12; guess++) await logIn(world, { email, password: 'forgotten' }, { clientIp });
      const body = { [name]: account[name], token, password: newPassword };
      expect((await resetWith(body, clientIp)).status).toBe(200);
      expect((await logIn(world, { email, password: newPassword }, { clientIp })).status).toBe(200);
    }
  });

  test('accepts an OTP once for parallel requests', async () => {
    const { phone, code } = await signUpWithOtp();
    const passwords = Array.from({ length: 4 }, (_, index) => `${newPassword} ${index}`);
    const responses = await Promise.all(passwords.map((password) => resetWith({ phone, token: code, password })));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403]);
    expect((await resetWith({ phone, token: code, password: newPassword })).status).toBe(403);
  });

  test('returns the same response after the same calls for a wrong OTP, another account’s OTP and an unknown account', async () => {
    const { email, code } = await signUpWithOtp();
    const other = await signUpWithOtp();
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    const results = [];
    for (const [name, token] of [
      [email, wrong],
      [email, other.code === code ? wrong : other.code],
      ['ghost@example.com', code],
    ]) {
      world.engine.record();
      const { status, body } = await resetWith({ email: name, token, password: newPassword });
      results.push(
        JSON.stringify({ status, body, calls: world.engine.calls.map(({ operation }) => operation).sort() }),
      );
    }
    expect(new Set(results).size).toBe(1);
    expect(JSON.parse(results[0] ?? '')).toMatchObject({ status: 403, body: { code: 403 } });
    world.advance(300);
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(403);
  });

  test('compares at most five guesses, with or without an account', async () => {
    const { email, code } = await signUpWithOtp();
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    for (const name of [email, 'ghost@example.com']) {
      const guesses = Array.from({ length: 5 }, () => resetWith({ email: name, token: wrong, password: newPassword }));
      expect((await Promise.all(guesses)).map(({ status }) => status)).toEqual(Array(5).fill(403));
      expect((await resetWith({ email: name, token: code, password: newPassword })).status).toBe(403);
    }
  });

  test.each([
    ['an empty body', {}, ['email', 'phone', 'token', 'password']],
    [
      'both an e-mail and a phone',
      { email: 'a@example.com', phone: '+201001234567', token: '1', password: newPassword },
      ['phone'],
    ],
    ['a common password', { email: 'a@example.com', token: '1', password: 'password1' }, ['password']],
    [
      'lists as the OTP and the password',
      { email: 'a@example.com', token: ['1'], password: [] },
      ['token', 'password'],
    ],
  ])('rejects %s', async (_, body, fields) => {
    const response = await resetWith(body);
    expect([response.status, Object.keys(response.body.errors.errorDetails).sort()]).toEqual([423, fields.sort()]);
  });

  test('revokes a session that a parallel login creates with the old password', async () => {
    for (let round = 0; round < 5; round++) {
      const { email, password, code } = await signUpWithOtp();
      const [done, ...logins] = await Promise.all([
        resetWith({ email, token: code, password: newPassword }),
        ...Array.from({ length: 4 }, () => logIn(world, { email, password })),
      ]);
      expect(done?.status).toBe(200);
      for (const { status, body } of logins) {
        expect([200, 403, 429]).toContain(status);
        if (status === 200) expect(await getStatus(body.data.token)).toBe(401);
      }
    }
  });

  test('sets the first password of a customer who signs in by OTP', async () => {
    const { phone, access } = await signIn(world);
    await world.call(updateCustomer, { method: 'PATCH', token: access, body: { email: 'first@example.com' } });
    world.advance(60);
    await requestReset({ phone });
    expect((await resetWith({ phone, token: world.otpFor(phone), password: newPassword })).status).toBe(200);
    expect((await logIn(world, { email: 'first@example.com', password: newPassword })).status).toBe(200);
  });

  test('changes nothing when the table fails, and can be retried', async () => {
    const { email, code } = await signUpWithOtp();
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' ? { status: 500, type: 'InternalServerError' } : undefined,
    );
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(500);
    world.engine.heal();
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(200);
  });

  test('makes at most seven sequential calls to the table', async () => {
    const { email, code } = await signUpWithOtp();
    world.engine.record();
    await resetWith({ email, token: code, password: newPassword });
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(7);
  });
});

describe('setPassword', () => {
  const set = (token: string, body: object) => world.call(setPassword, { token, body });

  test('sets an e-mail and a password right after sign-in, with which the customer can log in', async () => {
    const { access, customer } = await signIn(world);
    const { status, body } = await set(access, { email: ' Both.Ways@example.com', password: newPassword });
    expect([status, body.id, body.email]).toEqual([200, customer.id, 'both.ways@example.com']);
    const { body: loggedIn } = await logIn(world, { email: 'both.ways@example.com', password: newPassword });
    expect([loggedIn.data.id, loggedIn.data.phone_verified]).toEqual([customer.id, true]);
    expect(await getStatus(access)).toBe(200);
  });

  test('requires a new OTP ten minutes after the last one', async () => {
    const { access, phone } = await signIn(world);
    const login = { email: 'later@example.com', password: newPassword };
    world.advance(600);
    const rejected = await set(access, login);
    expect([rejected.status, rejected.body.errors[0].code]).toEqual([403, 'recent_code_required']);
    const otp = await requestResetOtp(phone);
    const wrong = String((Number(otp) + 1) % 1_000_000).padStart(6, '0');
    expect((await set(access, { ...login, otp: wrong })).body.errors[0]).toMatchObject({
      code: 'otp_invalid',
      attr: 'otp',
    });
    expect((await set(access, { ...login, otp })).status).toBe(200);
    expect((await set(access, { ...login, otp })).body.errors[0]).toMatchObject({ code: 'otp_expired' });
  });

  test('requires no OTP within ten minutes after a login with the password', async () => {
    const { email, password } = await signUpVerified();
    const { body } = await logIn(world, { email, password });
    world.advance(600);
    expect((await set(body.data.token, { password: newPassword })).status).toBe(403);
    const again = await logIn(world, { email, password });
    world.advance(599);
    expect((await set(again.body.data.token, { password: newPassword })).status).toBe(200);
  });

  test('revokes the other sessions when the password changes, but not for the first password', async () => {
    const one = await signIn(world);
    world.advance(60);
    const two = await authenticateWith(world, one.phone, await requestOtp(world, one.phone), {
      registrationId: 'second',
    });
    expect((await set(one.access, { email: 'others@example.com', password: newPassword })).status).toBe(200);
    expect(await getStatus(two.body.access)).toBe(200);
    expect((await set(one.access, { password: `${newPassword}!` })).status).toBe(200);
    expect([await getStatus(one.access), await getStatus(two.body.access)]).toEqual([200, 401]);
  });

  test('stops pushes to the devices of the revoked sessions', async () => {
    const one = await signIn(world);
    world.advance(60);
    await authenticateWith(world, one.phone, await requestOtp(world, one.phone), { registrationId: 'lost phone' });
    await set(one.access, { email: 'lost.phone@example.com', password: newPassword });
    await set(one.access, { password: `${newPassword}!` });
    const { body } = await world.call(listDevices, { method: 'GET', token: one.access });
    const states = body.map((device: { registration_id: string; active: boolean }) => [
      device.registration_id,
      device.active,
    ]);
    expect(Object.fromEntries(states)).toEqual({ 'lost phone': false, [one.registrationId]: true });
  });

  test('changes neither the e-mail nor the password when the table fails', async () => {
    const { access } = await signIn(world);
    await set(access, { email: 'both.old@example.com', password: newPassword });
    world.engine.fail((operation, body) =>
      operation === 'TransactWriteItems' && body.includes('PASSWORD')
        ? { status: 500, type: 'InternalServerError' }
        : undefined,
    );
    expect((await set(access, { email: 'both.new@example.com', password: `${newPassword}!` })).status).toBe(500);
    world.engine.heal();
    expect((await logIn(world, { email: 'both.old@example.com', password: newPassword })).status).toBe(200);
    expect((await logIn(world, { email: 'both.new@example.com', password: newPassword })).status).toBe(403);
  });

  test('names all invalid fields in one response, and changes nothing', async () => {
    const { access } = await signIn(world);
    const listErrors = async (body: object) =>
      (await set(access, body)).body.errors.map(({ attr, code }: { attr: string; code: string }) => `${attr} ${code}`);
    expect(await listErrors({ email: 'x', password: 'short' })).toEqual(['email invalid', 'password min_length']);
    expect(await listErrors({ password: newPassword })).toEqual(['email required']);
    expect(await listErrors({ email: 'a@example.com', password: 'qwertyuiop' })).toEqual(['password too_common']);
    const other = await signUpVerified();
    expect(await listErrors({ email: other.email, password: newPassword })).toEqual(['email unique']);
    expect((await world.call(getCustomer, { method: 'GET', token: access })).body.email).toBe('');
  });

  test.each(['first', 'next'])('rejects a session that was revoked in parallel, for the %s password', async (which) => {
    const { access, phone } = await signIn(world);
    const email = `ended.${which}@example.com`;
    if (which === 'next') await set(access, { email, password: newPassword });
    world.advance(300);
    const otp = await requestResetOtp(phone);
    world.disableCaches();
    world.beforeResponse('ssm:GetParameter otp-secrets', () => world.call(logoutAllDevices, { token: access }));
    const { status, body } = await set(access, { email, password: 'violet bicycle 77', otp });
    expect([status, body.errors[0].code]).toEqual([401, 'token_not_valid']);
    expect((await logIn(world, { email, password: 'violet bicycle 77' })).status).toBe(403);
  });

  test('counts no wrong attempt for a correct OTP with another customer’s e-mail', async () => {
    const { access, phone } = await signIn(world);
    const other = await signUpVerified();
    world.advance(60);
    world.set({ EMAIL_CHANGES_PER_DAY: '10' });
    const otp = await requestResetOtp(phone);
    for (let attempt = 0; attempt < 7; attempt++) {
      expect((await set(access, { email: other.email, password: newPassword, otp })).body.errors[0].code).toBe(
        'unique',
      );
    }
    expect((await set(access, { email: 'mine@example.com', password: newPassword, otp })).status).toBe(200);
  });

  test('rejects the phone and e-mail of the customer as the password, as does reset', async () => {
    const { email, phone, code, token } = await signUpWithOtp();
    const national = `0${phone.slice(3)}`;
    const byCode = await signIn(world);
    for (const password of [
      byCode.phone,
      `0${byCode.phone.slice(3, 5)}-${byCode.phone.slice(5)}!`,
      'own@example.com ',
    ]) {
      const { body } = await set(byCode.access, { email: 'own@example.com', password });
      expect(body.errors).toMatchObject([{ attr: 'password', code: 'too_common' }]);
    }
    for (const password of [national, phone, email.toUpperCase()]) {
      for (const name of [{ email }, { phone }]) {
        const { status, body } = await resetWith({ ...name, token: code, password });
        expect([status, Object.keys(body.errors.errorDetails)]).toEqual([423, ['password']]);
      }
    }
    expect(await getStatus(token)).toBe(200);
    expect((await resetWith({ email, token: code, password: newPassword })).status).toBe(200);
  });

  test('succeeds for both of two identical parallel requests', async () => {
    const { access } = await signIn(world);
    const login = { email: 'twice@example.com', password: newPassword };
    const responses = await Promise.all([set(access, login), set(access, login)]);
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    expect((await logIn(world, login)).status).toBe(200);
  });
});
