import { commonPasswordsKey } from '../../lib/table/keys.ts';
import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { logOf } from '../../lib/testing/stage/log.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, logIn, newAccount, nextAddress, signUp, verify } from '../../lib/testing/stage/signUp.ts';
import { type TestResponse, useWorld } from '../../lib/testing/stage/world.ts';
import { handler as refresh } from '../auth/refresh.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as getCustomer } from '../customers/get.ts';
import { handler as updateCustomer } from '../customers/update.ts';
import { handler as createDevice } from '../devices/create.ts';
import { handler as listDevices } from '../devices/list.ts';
import { handler as availability } from './availability.ts';
import { handler as configuration } from './configuration.ts';
import { handler as login } from './login.ts';
import { handler as logout } from './logout.ts';
import { handler as signup } from './signup.ts';

const world = useWorld({ seed: ['countries', 'settings', 'passwords'] });
const changeSettings = (change: unknown) => invoke('changeSettings', change);

beforeEach(() => cheapPasswords(world));

const listFields = ({ status, body }: TestResponse) => [status, Object.keys(body.errors?.errorDetails ?? {})];
const getStatus = async (token: string) => (await world.call(getCustomer, { method: 'GET', token })).status;
const count = (responses: TestResponse[], status: number) =>
  responses.filter((response) => response.status === status).length;
const toArabic = (digits: string) => digits.replace(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)));

/** Changes the setting and waits a minute, because functions cache settings that long. */
async function setPhoneLogin(enablePhoneLogin: boolean): Promise<void> {
  await changeSettings({ set: { enablePhoneLogin } });
  world.advance(60);
}
afterEach(async () => {
  await changeSettings({ set: { enablePhoneLogin: false } });
});

describe('the response format of surface B', () => {
  test('has the status as its code, and messages in both languages that name the first failing field', async () => {
    const { status, body, headers } = await world.call(login, { body: {} });
    expect([status, headers['content-type']]).toEqual([423, 'application/json']);
    expect(body).toEqual({
      code: 423,
      message: 'The email field is required.',
      message_ar: 'حقل البريد الإلكتروني مطلوب.',
      errors: {
        errorMessage: body.message,
        errorDetails: { email: ['The email field is required.'], password: ['The password field is required.'] },
      },
    });
  });

  test('has field errors in the requested language, and none if no field is invalid', async () => {
    const arabic = { 'Accept-Language': 'ar' };
    const missing = await world.call(login, { body: {}, headers: arabic });
    expect(missing.body.errors.errorDetails.password).toEqual(['حقل كلمة المرور مطلوب.']);
    expect(missing.body.errors.errorMessage).toBe(missing.body.message_ar);
    const wrong = await world.call(login, { body: { email: 'no@example.com', password: 'whatever' } });
    expect([wrong.status, wrong.body.code, wrong.body.errors.errorDetails]).toEqual([403, 403, []]);
  });

  test('is the same for errors outside the functions', async () => {
    const unauthenticated = await world.call(logout);
    expect([unauthenticated.status, unauthenticated.body.code]).toEqual([401, 401]);
    expect(unauthenticated.headers['www-authenticate']).toBe('Bearer realm="api"');
    const broken = await world.call(login, { body: '{"email"' });
    expect([broken.status, broken.body.code, broken.body.errors.errorDetails]).toEqual([400, 400, []]);
    const form = await world.call(login, { body: 'a=b', headers: { 'Content-Type': 'text/plain' } });
    expect([form.status, form.body.code]).toEqual([415, 415]);
  });
});

describe('signup', () => {
  test('creates a customer with the same id on both surfaces', async () => {
    const account = newAccount(world, { refered: 'ali' });
    const { status, body } = await world.call(signup, { body: account, headers: { 'Accept-Language': 'ar-EG' } });
    expect(status).toBe(200);
    expect(body).toEqual({
      code: 200,
      data: {
        id: expect.any(Number),
        name: 'Mona',
        last_name: 'Hassan',
        email: account.email,
        phone: account.phone,
        phone_verified: false,
        image: null,
        birthdate: '1990-05-17',
        token: expect.any(String),
        refresh_token: expect.any(String),
        device_token: expect.any(String),
        is_guest: false,
        language: 'ar',
        primary_address: null,
        wallet_credit: '0.00',
      },
    });
    const profile = await world.call(getCustomer, { method: 'GET', token: body.data.token });
    expect(profile.body).toMatchObject({
      id: body.data.id,
      full_name: 'Mona Hassan',
      email: account.email,
      phone_number: account.phone,
      birth_date: '1990-05-17',
      country: { code: 'EG' },
      wallet: { balance: '0.00', balance_currency: 'EGP' },
    });
    const refreshed = await world.call(refresh, { body: { refresh: body.data.refresh_token } });
    expect([refreshed.status, await getStatus(refreshed.body.access)]).toEqual([200, 200]);
  });

  test('normalizes an e-mail in upper case with spaces around it, and a phone in Arabic digits', async () => {
    const phone = world.phone();
    const changes = { email: '  Mona.CAPS@Example.COM ', phone: ` ${toArabic(phone)} ` };
    const { status, body } = await world.call(signup, { body: newAccount(world, changes) });
    expect([status, body.data.email, body.data.phone]).toEqual([200, 'mona.caps@example.com', phone]);
    const again = await world.call(signup, { body: newAccount(world, { email: 'MONA.caps@example.com' }) });
    expect(listFields(again)).toEqual([423, ['email']]);
  });

  test.each([
    ['an empty body', {}, ['name', 'last_name', 'email', 'phone', 'password', 'birthdate']],
    ['names that are too short', { ...newAccount(world), name: ' ab ', last_name: 'x' }, ['name', 'last_name']],
    [
      'names with too few visible characters',
      { ...newAccount(world), name: '👩👩', last_name: '\u2800\u200f\u3164' },
      ['name', 'last_name'],
    ],
    ['names that are too long', { ...newAccount(world), name: 'n'.repeat(128) }, ['name']],
    ['an invalid e-mail', { ...newAccount(world), email: 'mona@' }, ['email']],
    ['an invalid phone', { ...newAccount(world), phone: '12345' }, ['phone']],
    ['a phone of a country that is not served', { ...newAccount(world), phone: '+4915112345678' }, ['phone']],
    ['a birth date in the future', { ...newAccount(world), birthdate: '2999-01-01' }, ['birthdate']],
    ['an invalid birth date', { ...newAccount(world), birthdate: '1990-02-30' }, ['birthdate']],
    ['a list as the password', { ...newAccount(world), password: ['long enough'] }, ['password']],
    ['a number as the password', { ...newAccount(world), password: 1234567890123 }, ['password']],
    ['a password of 7 characters', { ...newAccount(world), password: 'aZ3!xyq' }, ['password']],
    ['a password of 257 characters', { ...newAccount(world), password: 'x'.repeat(257) }, ['password']],
    ['a password of 10,000 characters', { ...newAccount(world), password: 'x'.repeat(10_000) }, ['password']],
    ['a lone surrogate in the password', { ...newAccount(world), password: 'abcdefgh\ud800' }, ['password']],
    ['a common password', { ...newAccount(world), password: 'Password123' }, ['password']],
    [
      'a body with every field invalid',
      { name: 1, last_name: [], email: null, phone: '', password: {}, birthdate: 'x' },
      ['name', 'last_name', 'email', 'phone', 'password', 'birthdate'],
    ],
  ])('rejects %s, and names the fields', async (_, body, fields) => {
    expect(listFields(await world.call(signup, { body }))).toEqual([423, fields]);
  });

  test('does not compare an overlong password with the common ones', async () => {
    world.engine.record();
    const body = newAccount(world, { password: '@'.repeat(60_000) });
    expect(listFields(await world.call(signup, { body }))).toEqual([423, ['password']]);
    const { pk } = commonPasswordsKey('');
    expect(world.engine.calls.filter(({ body }) => body.includes(pk))).toEqual([]);
  });

  test('rejects the e-mail or the phone as the password', async () => {
    for (const field of ['email', 'phone'] as const) {
      const account = newAccount(world);
      const response = await world.call(signup, { body: { ...account, password: account[field].toUpperCase() } });
      expect(listFields(response)).toEqual([423, ['password']]);
    }
  });

  test('accepts any characters in a password, counts graphemes, and ignores the Unicode form', async () => {
    for (const password of [
      'كلمة سر طويلة',
      '  spaces  count  ',
      '👩‍👩‍👧🍵🍵🍵',
      'long enough '.repeat(22).slice(0, 256),
      'Cafe\u0301 noir 1',
    ]) {
      const account = await signUp(world, { password });
      expect((await logIn(world, account)).status).toBe(200);
      expect((await logIn(world, { ...account, password: password.normalize('NFD') })).status).toBe(200);
      expect((await logIn(world, { ...account, password: `${password} ` })).status).toBe(
        password.length > 255 ? 423 : 403,
      );
    }
    const tooShort = await world.call(signup, { body: newAccount(world, { password: '🍵🍵🍵🍵' }) });
    expect(listFields(tooShort)).toEqual([423, ['password']]);
  });

  test('creates one account for twenty parallel sign-ups with the same e-mail, and stores nothing of the others', async () => {
    const email = 'contested@example.com';
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => world.call(signup, { body: newAccount(world, { email }) })),
    );
    expect([count(responses, 200), count(responses, 423)]).toEqual([1, 19]);
    expect((await world.items()).filter((item) => item.email === email)).toHaveLength(1);
  });

  test('stores the password only as an argon2id hash with the parameters that OWASP recommends', async () => {
    world.set({ PASSWORD_MEMORY_KIB: '', PASSWORD_PASSES: '' });
    const { id } = await signUp(world);
    const [{ hash } = {}] = (await world.partition(`CUSTOMER#${id}`)).filter(({ sk }) => sk === 'PASSWORD');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);

    const account = newAccount(world, { password: 'violet bicycle 77' });
    const lines = await logOf(async () => {
      await world.call(signup, { body: account });
      await world.call(signup, { body: { ...account, name: 'x' } });
      await logIn(world, account);
      await logIn(world, { ...account, email: 'unknown@example.com' });
      world.engine.fail(() => ({ status: 400, type: 'ValidationException' }));
      expect((await logIn(world, account)).status).toBe(500);
      world.engine.heal();
    });
    expect(lines.length).toBeGreaterThan(4);
    expect(lines.join()).not.toContain('violet');
    expect(JSON.stringify(await world.items())).not.toContain('violet');
  });

  test('returns "already taken" to one IP address until its hourly limit, then 429 for every sign-up', async () => {
    const { email } = await signUp(world);
    world.set({ REFUSALS_PER_ADDRESS_PER_HOUR: '3' });
    const clientIp = nextAddress();
    world.set({ SIGN_UPS_PER_ADDRESS_PER_HOUR: '1000' });
    const probe = (changes: object) => world.call(signup, { body: newAccount(world, changes), clientIp });
    for (let free = 0; free < 5; free++) expect((await probe({})).status).toBe(200);
    const responses = await Promise.all(Array.from({ length: 6 }, () => probe({ email })));
    expect([count(responses, 423), count(responses, 429)]).toEqual([3, 3]);
    expect((await probe({})).status).toBe(429);
    world.advance(3_600);
    expect((await probe({})).status).toBe(200);
  });

  test('makes at most three sequential calls to the table', async () => {
    await signUp(world);
    world.engine.record();
    await signUp(world);
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(3);
  });
});

describe('login', () => {
  test('finds the account of an e-mail regardless of case', async () => {
    const account = await signUp(world);
    const { status, body } = await logIn(world, { ...account, email: ` ${account.email.toUpperCase()} ` });
    expect([status, body.data.id, await getStatus(body.data.token)]).toEqual([200, account.id, 200]);
    const { body: refreshed } = await world.call(refresh, { body: { refresh: body.data.refresh_token } });
    expect(await getStatus(refreshed.access)).toBe(200);
  });

  test.each([
    ['no body', undefined, ['email', 'password']],
    ['no password', { email: 'a@example.com' }, ['password']],
    ['null and an empty string', { email: null, password: '' }, ['email', 'password']],
    ['a list as the password', { email: 'a@example.com', password: ['x'] }, ['password']],
    ['a password of 257 characters', { email: 'a@example.com', password: 'x'.repeat(257) }, ['password']],
    ['a password of 10,000 characters', { email: 'a@example.com', password: 'x'.repeat(10_000) }, ['password']],
    ['an invalid e-mail', { email: 'a', password: 'x' }, ['email']],
    ['an e-mail that is not a string', { email: { a: 1 }, password: 'x' }, ['email']],
    ['a phone while phone login is off', { phone: '+201001234567', password: 'x' }, ['email']],
  ])('rejects %s, and names the fields', async (_, body, fields) => {
    expect(listFields(await world.call(login, { body }))).toEqual([423, fields]);
  });

  test('returns the same response after the same calls for a wrong password and an unknown, deleted or passwordless account', async () => {
    const account = await signUp(world);
    const deleted = await signUp(world);
    await world.call(deleteCustomer, { method: 'DELETE', token: deleted.token });
    const passwordless = await signIn(world);
    await world.call(updateCustomer, {
      method: 'PATCH',
      token: passwordless.access,
      body: { email: 'passwordless@example.com' },
    });
    const password = 'not the password';
    const results = [];
    for (const email of [account.email, 'unknown@example.com', 'passwordless@example.com', deleted.email]) {
      world.engine.record();
      const { status, body } = await logIn(world, { email, password });
      const calls = world.engine.calls.map(({ operation }) => operation).sort();
      results.push(JSON.stringify({ status, body, calls, depth: depth(world.engine.calls) }));
    }
    expect(new Set(results).size).toBe(1);
    expect(JSON.parse(results[0] ?? '')).toMatchObject({ status: 403, body: { errors: { errorDetails: [] } } });
  });

  test('takes as long for an unknown account as for a wrong password', async () => {
    world.set({ PASSWORD_MEMORY_KIB: '19456', PASSWORD_PASSES: '2' });
    const account = await signUp(world);
    const password = 'not the password';
    const times: Record<string, number[]> = { known: [], unknown: [] };
    // The requests alternate, so other load on the machine affects both.
    for (let round = 0; round < 15; round++) {
      for (const [name, email] of [
        ['known', account.email],
        ['unknown', 'unknown@example.com'],
      ] as const) {
        const startedAt = performance.now();
        expect((await logIn(world, { email, password })).status).toBe(403);
        times[name]?.push(performance.now() - startedAt);
      }
    }
    const median = (name: string) => times[name]?.toSorted((a, b) => a - b)[7] ?? 0;
    // Without a hash to compare with, a login to the unknown account would be much faster.
    expect(median('unknown') / median('known')).toBeGreaterThan(0.5);
    expect(median('unknown') / median('known')).toBeLessThan(2);
  });

  test('requires longer and longer waits after ten failures, and resets them after a success', async () => {
    const account = await signUp(world);
    const clientIp = nextAddress();
    const guess = () => logIn(world, { ...account, password: 'wrong wrong' }, { clientIp });
    for (let failure = 1; failure <= 10; failure++) expect((await guess()).status).toBe(403);
    const waits = [];
    for (let round = 0; round < 14; round++) {
      const { status, headers } = await guess();
      const wait = Number(headers['retry-after']);
      waits.push([status, wait]);
      world.advance(wait - 1);
      if (wait > 1) expect((await guess()).status).toBe(429);
      world.advance(1);
      expect((await guess()).status).toBe(403);
    }
    expect(waits.map(([, wait]) => wait)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]);
    expect((await logIn(world, account, { clientIp })).status).toBe(429);
    expect((await logIn(world, account)).status).toBe(200);
    world.advance(3600);
    expect((await logIn(world, account, { clientIp })).status).toBe(200);
    expect((await guess()).status).toBe(403);
  });

  test('requires the same wait for an unknown account', async () => {
    const clientIp = nextAddress();
    const guess = () => logIn(world, { email: 'ghost@example.com', password: 'wrong wrong' }, { clientIp });
    for (let failure = 1; failure <= 10; failure++) expect((await guess()).status).toBe(403);
    const { status, headers, body } = await guess();
    expect([status, headers['retry-after'], body.code]).toEqual([429, '1', 429]);
  });

  test('compares at most ten of a hundred parallel guesses', async () => {
    const account = await signUp(world);
    const clientIp = nextAddress();
    const responses = await Promise.all(
      Array.from({ length: 100 }, () => logIn(world, { ...account, password: 'wrong wrong' }, { clientIp })),
    );
    // The limit of the account counts all hundred for a moment, so it may reject one of the ten.
    const compared = count(responses, 403);
    expect(compared).toBeGreaterThan(0);
    expect(compared).toBeLessThanOrEqual(10);
    expect(count(responses, 429)).toBe(100 - compared);
  });

  test('resets the failure counter a day after the last failure', async () => {
    const account = await signUp(world);
    const clientIp = nextAddress();
    const guess = () => logIn(world, { ...account, password: 'wrong wrong' }, { clientIp });
    for (let failure = 1; failure <= 10; failure++) await guess();
    world.advance(86_401);
    for (let failure = 1; failure <= 10; failure++) expect((await guess()).status).toBe(403);
    expect((await guess()).status).toBe(429);
  });

  test('rehashes the password only after the cost has changed', async () => {
    const account = await signUp(world);
    const readHash = async () =>
      (await world.partition(`CUSTOMER#${account.id}`)).find(({ sk }) => sk === 'PASSWORD')?.hash as string;
    const before = await readHash();
    expect((await logIn(world, account)).status).toBe(200);
    expect(await readHash()).toBe(before);
    world.set({ PASSWORD_MEMORY_KIB: '128' });
    const responses = await Promise.all(Array.from({ length: 6 }, () => logIn(world, account)));
    expect(count(responses, 200)).toBe(6);
    expect(await readHash()).toContain('$m=128,t=1,p=1$');
    expect((await logIn(world, account)).status).toBe(200);
  });

  test('keeps at most ten sessions, including that of the sign-up', async () => {
    const account = await signUp(world);
    for (let more = 0; more < 10; more++) {
      world.advance(1);
      expect((await logIn(world, account)).status).toBe(200);
    }
    expect(await getStatus(account.token)).toBe(401);
    const sessions = (await world.partition(`CUSTOMER#${account.id}`)).filter(({ sk }) => /^SESSION/.test(String(sk)));
    expect(sessions).toHaveLength(10);
  });

  test('makes at most four sequential calls to the table', async () => {
    const account = await signUp(world);
    await logIn(world, account);
    world.engine.record();
    await logIn(world, account);
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(4);
  });
});

describe('login by phone', () => {
  const logInByPhone = (body: object) => world.call(login, { body, clientIp: nextAddress() });

  test('requires the phone and no e-mail when the setting is on', async () => {
    const { phone, password, email, id } = await signUp(world);
    await setPhoneLogin(true);
    const response = await logInByPhone({ phone: phone.replace('+', '00'), password });
    expect([response.status, response.body.data.id]).toEqual([200, id]);
    expect(listFields(await logInByPhone({ email, password }))).toEqual([423, ['phone']]);
    expect(listFields(await logInByPhone({}))).toEqual([423, ['phone', 'password']]);
    expect((await logInByPhone({ phone, email, password })).status).toBe(200);
  });

  test('with an e-mail is rejected unless both belong to the same account', async () => {
    const [one, other] = [await signUp(world), await signUp(world)];
    await setPhoneLogin(true);
    expect((await logInByPhone({ phone: one.phone, email: other.email, password: other.password })).status).toBe(403);
    expect((await logInByPhone({ phone: one.phone, email: other.email, password: one.password })).status).toBe(403);
    await verify(world, one);
    expect((await logInByPhone({ phone: one.phone, email: other.email, password: other.password })).status).toBe(403);
    expect((await logInByPhone({ phone: one.phone, email: one.email, password: one.password })).status).toBe(200);
  });

  test('counts failures for the phone, with or without an e-mail', async () => {
    const { phone, email } = await signUp(world);
    await setPhoneLogin(true);
    const clientIp = nextAddress();
    const guess = (body: object) => world.call(login, { body: { phone, password: 'wrong', ...body }, clientIp });
    for (let failure = 0; failure < 10; failure++) expect((await guess(failure % 2 ? { email } : {})).status).toBe(403);
    expect([(await guess({})).status, (await guess({ email })).status]).toEqual([429, 429]);
  });

  test('finds the account that signed up with the phone, until another one verifies it', async () => {
    const [holder, owner] = [await signUp(world), await signUp(world)];
    const { phone } = holder;
    const logInBoth = async (withEmail: boolean) =>
      Promise.all(
        [holder, owner].map(async ({ id, email, password }) => {
          const response = await logInByPhone({ phone, ...(withEmail && { email }), password });
          return response.body.data?.id === id || response.status;
        }),
      );
    await setPhoneLogin(true);
    expect([await logInBoth(false), await logInBoth(true)]).toEqual(Array(2).fill([true, 403]));
    await verify(world, { ...owner, phone });
    expect([await logInBoth(false), await logInBoth(true)]).toEqual(Array(2).fill([403, true]));
  });

  test('makes the same calls for an unknown phone as for a wrong password', async () => {
    const account = await signUp(world);
    world.disableCaches();
    await setPhoneLogin(true);
    const calls = [];
    for (const phone of [account.phone, world.phone()]) {
      world.engine.record();
      expect((await logInByPhone({ phone, password: 'not the password' })).status).toBe(403);
      calls.push(world.engine.calls.map(({ operation }) => operation).sort());
    }
    expect(calls[0]).toEqual(calls[1]);
  });

  test('does not extend the failure counter by successes', async () => {
    const account = await signUp(world);
    await setPhoneLogin(true);
    const clientIp = nextAddress();
    const logInFrom = (password: string) => world.call(login, { body: { phone: account.phone, password }, clientIp });
    for (let day = 0; day < 30; day++) {
      expect((await logInFrom('a typo')).status).toBe(403);
      expect((await logInFrom(account.password)).status).toBe(200);
      world.advance(20 * 3_600);
      expect((await logInFrom(account.password)).status).toBe(200);
      world.advance(5 * 3_600);
    }
  });
});

describe('configuration', () => {
  test('returns the public settings that operators have set, without a deployment', async () => {
    const getSettings = async () => (await world.call(configuration, { method: 'GET' })).body;
    expect(await getSettings()).toEqual({ code: 200, data: { enablePhoneLogin: false } });
    await changeSettings({ set: { enablePhoneLogin: true, supportPhone: '+20235711111', freeDeliveryFrom: 250.5 } });
    world.advance(60);
    const data = { enablePhoneLogin: true, supportPhone: '+20235711111', freeDeliveryFrom: 250.5 };
    expect(await getSettings()).toEqual({ code: 200, data });
    const remaining = await changeSettings({ remove: ['supportPhone', 'freeDeliveryFrom', 'unknown'] });
    expect(remaining).toEqual({ enablePhoneLogin: true });
  });

  test.each([
    ['a value of the wrong type', { set: { enablePhoneLogin: 'yes' } }, 'set.enablePhoneLogin'],
    ['a list as a value', { set: { colours: ['red'] } }, 'set.colours'],
    ['a reserved attribute of the table', { set: { pk: 'x' } }, 'set.pk'],
    ['an invalid name', { set: { 'a-b': 1 } }, 'set.a-b'],
    ['a name that is both set and removed', { set: { a: 1 }, remove: ['a'] }, 'remove'],
    ['too many settings', { set: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`a${i}`, i])) }, 'set'],
  ])('rejects a change with %s', async (_, change, attr) => {
    const response = (await changeSettings(change)) as { errors: { attr: string }[] };
    expect(response.errors.map((error) => error.attr)).toEqual([attr]);
    expect((await world.call(configuration, { method: 'GET' })).status).toBe(200);
  });
});

describe('logout', () => {
  test('revokes this session from the next request on, and keeps the others', async () => {
    const account = await signUp(world);
    const { body: other } = await logIn(world, account);
    const { status, body } = await world.call(logout, { token: account.token });
    expect([status, body]).toEqual([200, { code: 200, data: null }]);
    expect(await getStatus(account.token)).toBe(401);
    expect((await world.call(refresh, { body: { refresh: account.refresh } })).status).toBe(401);
    expect(await getStatus(other.data.token)).toBe(200);
  });

  test('stops pushes to the device that was registered in the session', async () => {
    const account = await signUp(world);
    const body = { registration_id: `pushes to ${account.email}`, type: 'ios' };
    expect((await world.call(createDevice, { token: account.token, body })).status).toBe(201);
    await world.call(logout, { token: account.token });
    const { body: loggedIn } = await logIn(world, account);
    const devices = await world.call(listDevices, { method: 'GET', token: loggedIn.data.token });
    expect(devices.body.map(({ active }: { active: boolean }) => active)).toEqual([false]);
  });

  test('succeeds or returns 401 for parallel requests', async () => {
    const { token } = await signUp(world);
    const responses = await Promise.all([1, 2].map(() => world.call(logout, { token })));
    expect(responses.every(({ status }) => status === 200 || status === 401)).toBe(true);
    expect((await world.call(logout, { token })).body).toMatchObject({ code: 401, errors: { errorDetails: [] } });
  });
});

describe('availability', () => {
  const check = (query: Record<string, string>, clientIp = nextAddress()) =>
    world.call(availability, { method: 'GET', query, clientIp });

  test('returns whether a sign-up with an e-mail or a phone is possible', async () => {
    // The function reads the countries only for a phone.
    world.disableCaches();
    const account = await signUp(world);
    expect((await check({ email: 'free@example.com' })).body).toEqual({ code: 200, data: { available: true } });
    expect(listFields(await check({ email: ` ${account.email.toUpperCase()}` }))).toEqual([423, ['email']]);
    expect((await check({ phone: world.phone() })).status).toBe(200);
    expect(listFields(await check({ phone: account.phone }))).toEqual([423, ['phone']]);
    await verify(world, account);
    expect(listFields(await check({ phone: account.phone }))).toEqual([423, ['phone']]);
    expect(listFields(await check({ phone: account.phone.replace('+', ' ') }))).toEqual([423, ['phone']]);
    expect(listFields(await check({ phone: toArabic(account.phone) }))).toEqual([423, ['phone']]);
  });

  test.each([
    ['neither an e-mail nor a phone', {}, ['email', 'phone']],
    ['empty values for both', { email: '', phone: ' ' }, ['phone']],
    ['both an e-mail and a phone', { email: 'a@example.com', phone: '+201001234567' }, ['phone']],
    ['an invalid e-mail', { email: 'a' }, ['email']],
    ['an invalid phone', { phone: '7' }, ['phone']],
  ])('rejects %s', async (_, query: Record<string, string>, fields) => {
    expect(listFields(await check(query))).toEqual([423, fields]);
  });

  test('accepts fifty requests an hour from one IP address, even in parallel', async () => {
    const address = nextAddress();
    const responses = await Promise.all(
      Array.from({ length: 60 }, (_, index) => check({ email: `a${index}@example.com` }, address)),
    );
    expect([count(responses, 200), count(responses, 429)]).toEqual([50, 10]);
    expect(Number(responses.find(({ status }) => status === 429)?.headers['retry-after'])).toBe(3600);
    world.advance(3600);
    expect((await check({ email: 'a@example.com' }, address)).status).toBe(200);
  });
});
