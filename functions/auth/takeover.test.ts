import { readFileSync } from 'node:fs';
import { project, readService } from '../../lib/openapi/routes.ts';
import { addressOf, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, logIn, newAccount, nextAddress, signUp, verify } from '../../lib/testing/stage/signUp.ts';
import { useWorld, type World } from '../../lib/testing/stage/world.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as updateCustomer } from '../customers/update.ts';
import { handler as setPassword } from '../password/set.ts';
import { handler as verifyPhone } from '../password/verifyPhone.ts';
import { handler as reauthenticate } from './reauthenticate.ts';
import { handler as sendOtp } from './sendOtp.ts';

const world = useWorld({ seed: ['countries', 'settings', 'passwords'] });
beforeEach(() => {
  cheapPasswords(world);
  world.set({ ACCESS_TOKEN_SECONDS: '864000' });
});

const password = 'violet bicycle 77';
const tenMinutes = 600;

/** Signs up an account with a password. A thief has only its access token. */
async function stealAccessToken({ isVerified = false } = {}) {
  const account = await signUp(world);
  if (isVerified) await verify(world, account);
  world.advance(tenMinutes);
  const { body } = await logIn(world, account);
  world.advance(tenMinutes);
  return { ...account, token: body.data.token as string };
}
const statusAndCode = ({ status, body }: Awaited<ReturnType<World['call']>>) => ({
  status,
  code: body?.errors?.[0]?.code,
});
const rejected = { status: 403, code: 'recent_code_required' };
const confirmIdentity = (token: string, body: object, clientIp = nextAddress()) =>
  world.call(reauthenticate, { token, body, clientIp });

describe('with an access token alone, a thief', () => {
  test('cannot verify their own phone for the account', async () => {
    const { token } = await stealAccessToken();
    const phone = world.phone();
    for (const body of [{ phone }, { phone, verification_code: '123456' }]) {
      expect((await world.call(verifyPhone, { token, body })).status).toBe(403);
    }
    expect(world.sandbox.messages.list(phone)).toEqual([]);
  });

  test('cannot change or clear the e-mail address that the owner logs in with', async () => {
    const account = await stealAccessToken();
    for (const email of ['thief@example.com', '']) {
      const request = { method: 'PATCH', token: account.token, body: { email, full_name: 'Thief' } };
      expect(statusAndCode(await world.call(updateCustomer, request))).toEqual(rejected);
    }
    expect((await logIn(world, account)).body.data).toMatchObject({ name: 'Mona', email: account.email });
  });

  test('cannot set a first password or change the password', async () => {
    const { access } = await signIn(world);
    world.advance(tenMinutes);
    const { token } = await stealAccessToken({ isVerified: true });
    for (const caller of [access, token]) {
      const request = { token: caller, body: { email: 'thief2@example.com', password } };
      expect(statusAndCode(await world.call(setPassword, request))).toEqual(rejected);
    }
  });

  test('has no more password guesses in reauthenticate than at login', async () => {
    const { token } = await stealAccessToken();
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess++) {
      statuses.push((await confirmIdentity(token, { password: `guess ${guess}` }, '192.0.2.200')).status);
    }
    expect(statuses).toEqual([...Array(10).fill(403), 429, 429]);
  });
});

test('a phone receives at most five security notices a day, over all its accounts', async () => {
  const phone = world.phone();
  const text = /new password was set|e-mail address and the password of your account were changed/;
  for (let account = 0; account < 2; account++) {
    const { access: token } = await signIn(world, { phone });
    for (let change = 0; change < 4; change++) {
      const body = { email: `notice${account}@example.com`, password: `violet bicycle ${account} ${change}` };
      expect((await world.call(setPassword, { token, body })).status).toBe(200);
    }
    await world.call(deleteCustomer, { method: 'DELETE', token });
    world.advance(600);
  }
  const notices = world.sandbox.messages.list(phone).filter((message) => text.test(message.text));
  expect(notices).toHaveLength(5);
  expect(notices.at(-1)?.text).toContain('The e-mail address and the password');
});

describe('reauthenticate', () => {
  test('with the password allows an e-mail change for ten minutes, and the phone is notified', async () => {
    const account = await stealAccessToken({ isVerified: true });
    expect((await confirmIdentity(account.token, { password: 'wrong wrong' })).status).toBe(403);
    expect((await confirmIdentity(account.token, { password: account.password })).status).toBe(204);
    const change = (email: string) =>
      world.call(updateCustomer, { method: 'PATCH', token: account.token, body: { email } });
    world.advance(tenMinutes - 1);
    expect((await change('moved@example.com')).body.email).toBe('moved@example.com');
    expect(world.sandbox.messages.list(account.phone)[0]?.text).toContain('e-mail address of your account was changed');
    world.advance(1);
    expect(statusAndCode(await change('again@example.com'))).toEqual(rejected);
  });

  test('with an OTP allows a first password, and the OTP works once', async () => {
    const { access, phone } = await signIn(world);
    world.advance(tenMinutes);
    // The function reads its secrets only for an OTP.
    world.disableCaches();
    const body = { phone_number: phone, otp_type: 'reauthentication' };
    await world.call(sendOtp, { body, clientIp: addressOf(phone) });
    const otp = world.otpFor(phone);
    const responses = await Promise.all([confirmIdentity(access, { otp }), confirmIdentity(access, { otp })]);
    expect(responses.map(({ status }) => status).sort()).toEqual([204, 400]);
    const chosen = await world.call(setPassword, { token: access, body: { email: 'first@example.com', password } });
    expect(chosen.status).toBe(200);
    expect(world.sandbox.messages.list(phone)[0]?.text).toContain(
      'The e-mail address and the password of your account were changed',
    );
  });

  test('rejects an OTP of another type or another phone', async () => {
    const { access, phone } = await signIn(world);
    const other = await signIn(world);
    world.advance(tenMinutes);
    const signInCode = await requestOtp(world, phone);
    await world.call(sendOtp, { body: { phone_number: other.phone, otp_type: 'reauthentication' } });
    for (const otp of [signInCode, world.otpFor(other.phone)]) {
      expect((await confirmIdentity(access, { otp })).status).toBe(400);
    }
  });

  test.each([
    ['an empty body', {}, 'otp', 'required'],
    ['both an OTP and a password', { otp: '123456', password: 'x' }, 'password', 'conflicting'],
    ['a list as the OTP', { otp: ['1'] }, 'otp', 'invalid'],
  ])('rejects %s', async (_, body, attr, code) => {
    const { access } = await signIn(world);
    const { status, body: response } = await confirmIdentity(access, body);
    expect({ status, error: response.errors[0] }).toEqual({
      status: 400,
      error: expect.objectContaining({ attr, code }),
    });
  });
});

test('an account without a verified phone verifies its own with an OTP, and another one only after reauthentication', async () => {
  const own = await stealAccessToken();
  expect((await verify(world, own)).status).toBe(200);
  const account = await stealAccessToken();
  const phone = world.phone();
  await confirmIdentity(account.token, { password: account.password });
  const clientIp = addressOf(phone);
  expect((await world.call(verifyPhone, { token: account.token, body: { phone }, clientIp })).status).toBe(409);
  const body = { phone, verification_code: world.otpFor(phone) };
  expect((await world.call(verifyPhone, { token: account.token, body, clientIp })).status).toBe(200);
  // The unverified phone of the sign-up may belong to another person.
  expect(world.sandbox.messages.list(account.phone)).toEqual([]);
});

test('a customer without a password sets an e-mail address in any session', async () => {
  const { access } = await signIn(world);
  world.advance(tenMinutes);
  const request = { method: 'PATCH', token: access, body: { email: 'codes@example.com' } };
  expect((await world.call(updateCustomer, request)).body.email).toBe('codes@example.com');
});

test('only sign-in, log-in and refresh return a refresh token, and only they may sign one', () => {
  const { paths, components } = JSON.parse(readFileSync(`${project}/openapi.json`, 'utf8'));
  const holdsToken = (schema: unknown): boolean => {
    const text = JSON.stringify(schema);
    if (/"refresh(_token)?":/.test(text)) return true;
    const names = Array.from(text.matchAll(/#\/components\/schemas\/(\w+)/g), ([, name]) => String(name));
    return names.some((name) => holdsToken(components.schemas[name]));
  };
  const operations = Object.values<Record<string, { operationId?: string; responses?: object }>>(paths).flatMap(
    Object.values,
  );
  const returning = operations.filter(({ responses }) =>
    Object.entries<{ content?: Record<string, { schema: unknown }> }>(responses as never).some(
      ([status, { content }]) => status.startsWith('2') && holdsToken(content?.['application/json']?.schema ?? {}),
    ),
  );
  expect(returning.map(({ operationId }) => operationId).sort()).toEqual([
    'AuthenticateCustomer',
    'login',
    'refresh_token_create',
    'signup',
  ]);
  const signing = Object.entries(readService().functions).filter(([, { permissions }]) =>
    permissions?.includes('sign'),
  );
  expect(signing.map(([name]) => name).sort()).toEqual([
    'authRefresh',
    'customersAuthenticate',
    'passwordLogin',
    'passwordSignup',
  ]);
});

describe('a caller who probes for taken e-mail addresses by changing their own', () => {
  test('gets "already taken" until the limit of the network, then 429 for every address', async () => {
    world.set({ REFUSALS_PER_ADDRESS_PER_HOUR: '5' });
    const { email } = await signIn(world).then(async ({ access }) => {
      const request = { method: 'PATCH', token: access, body: { email: 'taken@example.com' } };
      return (await world.call(updateCustomer, request)).body;
    });
    const clientIp = nextAddress();
    const changeEmail = async (newEmail: string) => {
      const { access } = await signIn(world);
      const request = { method: 'PATCH', token: access, clientIp, body: { email: newEmail } };
      return (await world.call(updateCustomer, request)).status;
    };
    const statuses: number[] = [];
    for (let probe = 0; probe < 6; probe++) statuses.push(await changeEmail(email));
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
    expect(await changeEmail('free@example.com')).toBe(429);
  });

  test('gets "already taken" five times a day with one account, from any number of networks', async () => {
    const changeEmail = (token: string, email: string) =>
      world.call(updateCustomer, { method: 'PATCH', token, clientIp: nextAddress(), body: { email } });
    const [holder, prober] = [await signIn(world), await signIn(world)];
    expect((await changeEmail(holder.access, 'held@example.com')).status).toBe(200);
    const probes = await Promise.all(Array.from({ length: 12 }, () => changeEmail(prober.access, 'held@example.com')));
    // Parallel changes of one profile conflict in the table, so fewer than five may have returned
    // "already taken".
    for (let turn = 0; turn < 6; turn++) probes.push(await changeEmail(prober.access, 'held@example.com'));
    const takenResponses = probes.filter(({ status }) => status === 400);
    expect(takenResponses.map(({ body: { errors } }) => errors[0].code)).toEqual(Array(5).fill('unique'));
    expect((await changeEmail(prober.access, 'free@example.com')).status).toBe(429);
    world.advance(86_400);
    const { access } = await signIn(world, { phone: prober.phone });
    expect((await changeEmail(access, 'free@example.com')).status).toBe(200);
  });

  test('can change their e-mail address at most five times a day', async () => {
    const { access } = await signIn(world);
    const change = (email: string) => world.call(updateCustomer, { method: 'PATCH', token: access, body: { email } });
    for (let turn = 0; turn < 5; turn++) expect((await change(`turn${turn}@example.com`)).status).toBe(200);
    const over = await change('turn5@example.com');
    expect({ status: over.status, wait: Number(over.headers['retry-after']) }).toEqual({ status: 429, wait: 86_400 });
    world.advance(86_400);
    expect((await change('turn5@example.com')).status).toBe(200);
  });
});

test('sign-ups of one IP address are limited per hour', async () => {
  const clientIp = nextAddress();
  world.set({ SIGN_UPS_PER_ADDRESS_PER_HOUR: '3' });
  const { handler: signup } = await import('../password/signup.ts');
  const statuses: number[] = [];
  for (let turn = 0; turn < 4; turn++) {
    statuses.push((await world.call(signup, { body: newAccount(world), clientIp })).status);
  }
  expect(statuses).toEqual([200, 200, 200, 429]);
});
