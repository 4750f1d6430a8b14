import { verifyAddress } from '../../lib/testing/stage/emails.ts';
import { addressOf, authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, logIn, nextAddress, signUp } from '../../lib/testing/stage/signUp.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as updateCustomer } from '../customers/update.ts';
import { handler as forget } from '../password/forget.ts';
import { handler as login } from '../password/login.ts';
import { handler as reset } from '../password/reset.ts';
import { handler as setPassword } from '../password/set.ts';
import { handler as reauthenticate } from './reauthenticate.ts';
import { handler as sendOtp } from './sendOtp.ts';

const world = useWorld({ seed: ['countries', 'settings'] });
beforeEach(() => cheapPasswords(world));

const dayAttempts = 15;
const types = ['customer_auth', 'provider_auth', 'password_reset', 'reauthentication'];

const send = (phone: string, clientIp: string, otp_type = 'customer_auth', device_token?: string) =>
  world.call(sendOtp, { body: { phone_number: phone, otp_type, device_token }, clientIp });

const turns = 14;
/** Longer than any cool-down. */
const turnSeconds = 301;
const attackSeconds = turns * turnSeconds;

/** Sends requests and wrong OTPs of all types, from one network after another. */
async function attack(phone: string, { networks }: { networks: number }) {
  const addresses = Array.from({ length: networks }, nextAddress);
  for (let turn = 0; turn < turns; turn++) {
    const clientIp = addresses[turn % networks] ?? '';
    for (const type of types) await send(phone, clientIp, type);
    for (let guess = 0; guess < 3; guess++) await authenticateWith(world, phone, '000000', { clientIp });
    world.advance(turnSeconds);
  }
}

test.each([
  ['one network', { networks: 1 }],
  ['fourteen networks', { networks: 14 }],
])("a phone's owner signs in within a minute on their own device while %s attack the phone", async (_, size) => {
  const { phone, deviceToken } = await signIn(world);
  await attack(phone, size);
  const smsBefore = world.sandbox.messages.list(phone).length;
  const code = await requestOtp(world, phone, deviceToken);
  // The attacker continues while the OTP is on its way.
  await Promise.all(
    Array.from({ length: 10 }, () => authenticateWith(world, phone, '111111', { clientIp: nextAddress() })),
  );
  await send(phone, nextAddress());
  expect((await authenticateWith(world, phone, code, { deviceToken })).status).toBe(200);
  expect(smsBefore).toBeLessThanOrEqual(10);
});

test('a phone has daily limits of sends and attempts that include those of its owner', async () => {
  const { phone, deviceToken } = await signIn(world);
  await attack(phone, { networks: 14 });
  let compared = 0;
  for (let turn = 0; turn < 20; turn++) {
    await send(phone, addressOf(phone), 'customer_auth', deviceToken);
    const { body } = await authenticateWith(world, phone, '000000', { deviceToken });
    if (body.errors[0].code === 'otp_invalid') compared += 1;
    world.advance(300);
  }
  expect(world.sandbox.messages.list(phone).length).toBeLessThanOrEqual(10);
  expect(compared).toBeLessThanOrEqual(dayAttempts);
});

test('OTPs of other types never use up the share for sign-in', async () => {
  const phone = world.phone();
  for (let turn = 0; turn < 12; turn++) {
    for (const type of types.slice(1)) await send(phone, nextAddress(), type);
    world.advance(300);
  }
  expect((await signIn(world, { phone })).customer.id).toBeGreaterThan(0);
});

test('one IP address uses only a part of the share of strangers, so a new customer signs in from another', async () => {
  const phone = world.phone();
  await attack(phone, { networks: 1 });
  expect((await signIn(world, { phone })).customer.id).toBeGreaterThan(0);
});

describe('a device token', () => {
  let phone: string;
  let deviceToken: string;
  beforeAll(async () => {
    ({ phone, deviceToken } = await signIn(world));
    await attack(phone, { networks: 14 });
  });
  beforeEach(() => world.advance(attackSeconds));

  const forgeries: [string, (own: string) => Promise<string>][] = [
    ['of another phone', async () => (await signIn(world)).deviceToken],
    ['with a changed signature', async (own) => own.slice(0, -9) + (own.at(-9) === 'A' ? 'B' : 'A') + own.slice(-8)],
    ['with a later expiry', async (own) => own.replace(/\.(\d+)\.(\d+)\./, (_, id, at) => `.${id}.${Number(at) + 9}.`)],
    ['with an appended part', async (own) => `${own}.x`],
    ['that is junk', async () => 'a.1.b.c'],
    ['that is empty', async () => ''],
  ];
  test.each(forgeries)('%s gets only the share of strangers', async (_, forge) => {
    expect((await send(phone, nextAddress(), 'customer_auth', await forge(deviceToken))).status).toBe(429);
  });

  test('of the phone gets the share of the owner', async () => {
    expect((await send(phone, nextAddress(), 'customer_auth', deviceToken)).status).toBe(200);
  });
});

test('a device token of the previous customer of a phone gets only the share of strangers', async () => {
  const before = await signIn(world);
  await world.call(deleteCustomer, { method: 'DELETE', token: before.access });
  world.advance(3_600);
  const { phone, deviceToken } = await signIn(world, { phone: before.phone });
  await attack(phone, { networks: 14 });
  expect((await send(phone, nextAddress(), 'customer_auth', before.deviceToken)).status).toBe(429);
  expect((await send(phone, nextAddress(), 'customer_auth', deviceToken)).status).toBe(200);
});

test('a device token expires after 180 days', async () => {
  const { phone, deviceToken } = await signIn(world);
  world.advance(180 * 86_400);
  await attack(phone, { networks: 14 });
  expect((await send(phone, nextAddress(), 'customer_auth', deviceToken)).status).toBe(429);
});

test('another network does not learn whether an OTP was sent to a phone', async () => {
  const [waiting, idle] = [world.phone(), world.phone()];
  await requestOtp(world, waiting);
  const guess = async (phone: string) =>
    (await authenticateWith(world, phone, '000000', { clientIp: nextAddress() })).body.errors;
  expect(await guess(waiting)).toEqual(await guess(idle));
});

test('wrong OTPs of one IP address are limited over all phones, and correct ones do not count', async () => {
  world.set({ WRONG_CODES_PER_ADDRESS_PER_HOUR: '4' });
  const clientIp = nextAddress();
  for (let turn = 0; turn < 6; turn++) {
    const phone = world.phone();
    const code = await requestOtp(world, phone);
    expect((await authenticateWith(world, phone, code, { clientIp })).status).toBe(201);
  }
  const statuses: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    statuses.push((await authenticateWith(world, world.phone(), '000000', { clientIp })).status);
  }
  expect(statuses).toEqual([400, 400, 400, 400, 429]);
});

test('an IPv6 /48 has a limit over all its networks', async () => {
  world.set({ OTP_SENDS_PER_ADDRESS_PER_HOUR: '1' });
  const responses = await Promise.all(
    Array.from({ length: 20 }, (_, index) => send(world.phone(), `2001:db8:77:${index.toString(16)}::1`)),
  );
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(16);
  expect((await send(world.phone(), '2001:db8:78::1')).status).toBe(200);
});

test('a limit of more than fifty an hour is exact for parallel requests', async () => {
  world.set({ OTP_SENDS_PER_ADDRESS_PER_HOUR: '60' });
  const clientIp = nextAddress();
  const responses = await Promise.all(Array.from({ length: 70 }, () => send(world.phone(), clientIp)));
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(60);
});

test('a phone prefix has its own cap, and its last part is reserved for phones that a customer has verified', async () => {
  const customer = await signIn(world, { phone: '+201066660001' });
  const squatter = await signUp(world, { phone: '+201066660002' });
  world.advance(86_400);
  world.set({ OTP_SENDS_PER_PREFIX_PER_DAY: '10' });
  const statuses: number[] = [];
  for (let turn = 0; turn < 10; turn++) {
    statuses.push((await send(`+20106666${String(1_000 + turn)}`, nextAddress())).status);
  }
  expect(statuses).toEqual([...Array(8).fill(200), 429, 429]);
  expect((await send(squatter.phone, nextAddress())).status).toBe(429);
  expect((await send(customer.phone, nextAddress())).status).toBe(200);
  expect((await send('+201066770001', nextAddress())).status).toBe(200);
});

describe('login', () => {
  test('limits the failures of one IP address over all accounts, and does not count successes', async () => {
    world.set({ FAILED_LOGINS_PER_ADDRESS_PER_HOUR: '4' });
    const clientIp = nextAddress();
    const account = await signUp(world);
    for (let turn = 0; turn < 6; turn++) expect((await logIn(world, account, { clientIp })).status).toBe(200);
    const statuses: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const guess = { email: `unknown${turn}@example.com`, password: 'x' };
      statuses.push((await logIn(world, guess, { clientIp })).status);
    }
    expect(statuses).toEqual([403, 403, 403, 403, 429]);
  });

  test('limits the failures at one account over all IP addresses, and never blocks a known device', async () => {
    world.set({ FAILED_LOGINS_PER_ACCOUNT_PER_HOUR: '5' });
    const account = await signUp(world);
    const deviceToken = (await logIn(world, account)).body.data.device_token;
    const guesses = await Promise.all(
      Array.from({ length: 8 }, () => logIn(world, { email: account.email, password: 'guess' })),
    );
    expect(guesses.filter(({ status }) => status === 403)).toHaveLength(5);
    expect((await logIn(world, account)).status).toBe(429);
    const body = { email: account.email, password: account.password, device_token: deviceToken };
    expect((await world.call(login, { body, clientIp: nextAddress() })).status).toBe(200);
  });
});

test('the device token of a sign-up gives no guesses at the customer who takes over its e-mail address', async () => {
  world.set({ FAILED_LOGINS_PER_ACCOUNT_PER_HOUR: '5' });
  const squatter = await signUp(world);
  const deviceToken = (await logIn(world, squatter)).body.data.device_token;
  const { access } = await signIn(world);
  await verifyAddress(world, access, squatter.email);
  const guesses = await Promise.all(
    Array.from({ length: 12 }, () => {
      const body = { email: squatter.email, password: 'guess', device_token: deviceToken };
      return world.call(login, { body, clientIp: nextAddress() });
    }),
  );
  expect(guesses.filter(({ status }) => status === 403)).toHaveLength(5);
});

test('a customer who takes over an e-mail address never blocks the known device of its previous holder', async () => {
  world.set({ FAILED_LOGINS_PER_ACCOUNT_PER_HOUR: '5' });
  const account = await signUp(world);
  const deviceToken = (await logIn(world, account)).body.data.device_token;
  const { access } = await signIn(world);
  await verifyAddress(world, access, account.email);
  for (let guess = 0; guess < 8; guess++) await logIn(world, { email: account.email, password: 'guess' });
  expect((await logIn(world, account)).status).toBe(429);
  const body = { email: account.email, password: account.password, device_token: deviceToken };
  const { status, body: response } = await world.call(login, { body, clientIp: nextAddress() });
  expect([status, response.data?.id]).toEqual([200, account.id]);
});

test('reauthenticate keeps the failure counter of another account with the same e-mail address', async () => {
  const victim = await signUp(world);
  const { access } = await signIn(world);
  await verifyAddress(world, access, victim.email);
  const password = 'violet bicycle 77';
  const session = (await world.call(setPassword, { token: access, body: { password } })).body;
  const token = session?.access ?? access;
  const clientIp = nextAddress();
  const guess = async () => (await logIn(world, { ...victim, password: 'guess' }, { clientIp })).status;
  for (let turn = 0; turn < 9; turn++) expect(await guess()).toBe(403);
  expect((await world.call(reauthenticate, { token, body: { password }, clientIp })).status).toBe(204);
  expect([await guess(), await guess()]).toEqual([403, 429]);
});

test('failed logins from a shared IP address never block a known device', async () => {
  const account = await signUp(world);
  const deviceToken = (await logIn(world, account)).body.data.device_token;
  const clientIp = nextAddress();
  for (let turn = 0; turn < 12; turn++) await logIn(world, { ...account, password: 'guess' }, { clientIp });
  const body = { email: account.email, password: account.password, device_token: deviceToken };
  expect((await world.call(login, { body, clientIp })).status).toBe(200);
});

test('guesses from another network neither reveal an OTP nor use up its attempts', async () => {
  const [waiting, idle] = [world.phone(), world.phone()];
  const code = await requestOtp(world, waiting);
  const clientIp = nextAddress();
  const guess = async (phone: string) => {
    const { status, body, headers } = await authenticateWith(world, phone, '000000', { clientIp });
    return { status, errors: body.errors, wait: headers['retry-after'] };
  };
  for (let turn = 0; turn < 7; turn++) expect(await guess(waiting)).toEqual(await guess(idle));
  expect((await authenticateWith(world, waiting, code)).status).toBe(201);
});

test("reauthenticate accepts an OTP that the customer's own device requested", async () => {
  const { access, phone, deviceToken } = await signIn(world);
  await send(phone, nextAddress(), 'reauthentication', deviceToken);
  const body = { otp: world.otpFor(phone) };
  expect((await world.call(reauthenticate, { token: access, body, clientIp: nextAddress() })).status).toBe(204);
});

test("a sign-up with another person's phone sends no SMS to it", async () => {
  const phone = world.phone();
  const { token } = await signUp(world, { phone });
  const body = { password: 'violet bicycle 77' };
  expect((await world.call(setPassword, { token, body })).status).toBe(200);
  expect(world.sandbox.messages.list(phone)).toEqual([]);
});

test('strangers cannot lock out the test number of an app store reviewer', async () => {
  const phone = world.phone();
  world.set({ TEST_NUMBERS: JSON.stringify([{ phone_number: phone, otp: '424242', until: '2999-01-01' }]) });
  await send(phone, nextAddress());
  for (let turn = 0; turn < 30; turn++) await authenticateWith(world, phone, '000000', { clientIp: nextAddress() });
  expect((await authenticateWith(world, phone, '424242', { clientIp: nextAddress() })).status).toBe(201);
});

test('a network has seven guesses at a test number, and they do not lock out the reviewer', async () => {
  const phone = world.phone();
  world.set({ TEST_NUMBERS: JSON.stringify([{ phone_number: phone, otp: '424242', until: '2999-01-01' }]) });
  await send(phone, nextAddress());
  const statuses = new Map<number, number>();
  for (let network = 0; network < 20; network++) {
    const clientIp = `198.51.${network}.1`;
    const guesses = Array.from({ length: 8 }, () => authenticateWith(world, phone, '000000', { clientIp }));
    for (const { status } of await Promise.all(guesses)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect(Object.fromEntries(statuses)).toEqual({ 400: 20 * 7, 429: 20 });
  expect((await authenticateWith(world, phone, '424242', { clientIp: nextAddress() })).status).toBe(201);
});

test('a test number has the limits of any other phone after its last day', async () => {
  const phone = world.phone();
  const until = new Date().toISOString().slice(0, 10);
  world.set({ TEST_NUMBERS: JSON.stringify([{ phone_number: phone, otp: '424242', until }]) });
  world.advance(86_400);
  const code = await requestOtp(world, phone);
  expect(code).not.toBe('424242');
  const wrong = code === '000000' ? '111111' : '000000';
  const statuses: number[] = [];
  for (let turn = 0; turn < 6; turn++) statuses.push((await authenticateWith(world, phone, wrong)).status);
  expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
});

test('a password reset request for an unknown account counts towards no cap', async () => {
  world.set({ OTP_SENDS_PER_STAGE_PER_DAY: '2' });
  world.advance(10 * 86_400);
  for (let turn = 0; turn < 5; turn++) {
    await world.call(forget, { body: { phone: world.phone() }, clientIp: nextAddress() });
  }
  expect((await send(world.phone(), nextAddress())).status).toBe(200);
});

/** Sends and guesses as many OTPs as strangers can, of all types except sign-in. */
async function useUpOtherTypes(phone: string, email: string) {
  const addresses = [nextAddress(), nextAddress(), nextAddress()];
  for (let turn = 0; turn < 6; turn++) {
    const clientIp = addresses[turn % 3] ?? '';
    for (const body of [{ email }, { phone }]) await world.call(forget, { body, clientIp });
    for (let guess = 0; guess < 3; guess++) {
      const body = { email, token: '000000', password: 'orange cat on a roof' };
      await world.call(reset, { body, clientIp });
    }
    for (const type of types.slice(1)) await send(phone, clientIp, type);
    world.advance(turnSeconds);
  }
}

async function useUpAllTypes(phone: string, email: string) {
  await useUpOtherTypes(phone, email);
  await attack(phone, { networks: 14 });
}

describe('while strangers use up their share, the owner', () => {
  const password = 'violet bicycle 77';
  const signInOwner = async () => {
    const session = await signIn(world);
    const email = `owner${session.customer.id}@example.com`;
    const body = { email, password };
    expect((await world.call(setPassword, { token: session.access, body })).status).toBe(200);
    return { ...session, email };
  };
  beforeEach(() => world.set({ ACCESS_TOKEN_SECONDS: '864000' }));
  const attacks = { 'all types except sign-in': useUpOtherTypes, 'all types': useUpAllTypes };

  test.each(Object.entries(attacks))(
    'reauthenticates and changes the password by OTP, after attacks with %s',
    async (_, run) => {
      const { access, phone, email, deviceToken } = await signInOwner();
      await run(phone, email);
      const clientIp = nextAddress();

      expect((await send(phone, clientIp, 'reauthentication', deviceToken)).status).toBe(200);
      const otp = world.otpFor(phone);
      await send(phone, nextAddress(), 'reauthentication');
      expect((await world.call(reauthenticate, { token: access, body: { otp }, clientIp })).status).toBe(204);

      world.advance(turnSeconds);
      expect((await send(phone, clientIp, 'password_reset', deviceToken)).status).toBe(200);
      const change = { password: 'orange cat on a roof', otp: world.otpFor(phone) };
      expect((await world.call(setPassword, { token: access, body: change, clientIp })).status).toBe(200);

      world.advance(turnSeconds);
      const smsBefore = world.sandbox.messages.list(phone).length;
      await world.call(forget, { body: { email, device_token: deviceToken }, clientIp });
      expect(world.sandbox.messages.list(phone)).toHaveLength(smsBefore + 1);
      const body = { email, token: world.otpFor(phone), password, device_token: deviceToken };
      expect((await world.call(reset, { body, clientIp })).status).toBe(200);
    },
  );

  test('has half the sends of a phone without an account for sign-in, after password reset requests', async () => {
    const phone = world.phone();
    for (let turn = 0; turn < 8; turn++) {
      const clientIp = nextAddress();
      await world.call(forget, { body: { phone }, clientIp });
      const body = { phone, token: '000000', password: 'orange cat on a roof' };
      for (let guess = 0; guess < 5; guess++) await world.call(reset, { body, clientIp });
      world.advance(3_600);
    }
    for (let turn = 0; turn < 3; turn++) {
      expect((await send(phone, `203.0.113.${turn}`)).status).toBe(200);
      world.advance(901);
    }
  });

  test('keeps an attempt on a known device, even after guesses with a stolen session', async () => {
    const { access, phone, deviceToken } = await signInOwner();
    await send(phone, nextAddress(), 'reauthentication', deviceToken);
    let compared = 0;
    for (let guess = 0; guess < 8; guess++) {
      const { status } = await world.call(reauthenticate, { token: access, body: { otp: 'wrong' } });
      if (status === 400) compared += 1;
    }
    expect(compared).toBe(5);
    await attack(phone, { networks: 14 });
    const code = await requestOtp(world, phone, deviceToken);
    expect((await authenticateWith(world, phone, code, { deviceToken })).status).toBe(200);
  });
});

describe('sendOtp sends no SMS to a client', () => {
  const countSms = (phone: string) => world.sandbox.messages.list(phone).length;
  const readResponse = ({ status, body, headers }: Awaited<ReturnType<typeof send>>) => ({
    status,
    code: body.errors?.[0]?.code,
    wait: Number(headers['retry-after']),
  });

  test('without attempts left for the phone', async () => {
    const [phone, clientIp] = [world.phone(), nextAddress()];
    world.freeze();
    for (let turn = 0; turn < 2; turn++) {
      await send(phone, clientIp);
      for (let guess = 0; guess < 4; guess++) await authenticateWith(world, phone, 'wrong', { clientIp });
      world.advance(turnSeconds);
    }
    expect(readResponse(await send(phone, clientIp))).toEqual({
      status: 429,
      code: 'otp_try_limit',
      wait: 86_400 - 2 * turnSeconds,
    });
    expect(countSms(phone)).toBe(2);
    expect((await send(phone, nextAddress())).status).toBe(200);
  });

  test.each(['4', '60'])('without attempts left over all phones, with a limit of %s an hour', async (limit) => {
    world.set({ WRONG_CODES_PER_ADDRESS_PER_HOUR: limit });
    const [phone, clientIp] = [world.phone(), nextAddress()];
    const guesses = Array.from({ length: Number(limit) }, () => world.phone());
    await Promise.all(guesses.map((other) => authenticateWith(world, other, '000000', { clientIp })));
    const { wait, ...rejected } = readResponse(await send(phone, clientIp));
    expect(rejected).toEqual({ status: 429, code: 'otp_try_limit' });
    world.advance(wait - 1);
    expect((await send(phone, clientIp)).status).toBe(429);
    expect(countSms(phone)).toBe(0);
    world.advance(1);
    expect((await send(phone, clientIp)).status).toBe(200);
  });

  test('without attempts left for its IPv6 /48', async () => {
    world.set({ WRONG_CODES_PER_ADDRESS_PER_HOUR: '1' });
    const guess = (network: number) =>
      authenticateWith(world, world.phone(), '000000', { clientIp: `2001:db8:99:${network.toString(16)}::1` });
    for (let network = 0; network < 16; network++) expect((await guess(network)).status).toBe(400);
    const phone = world.phone();
    expect(readResponse(await send(phone, '2001:db8:99:ff::1'))).toMatchObject({ status: 429, code: 'otp_try_limit' });
    expect(countSms(phone)).toBe(0);
  });

  test('without attempts left for reauthentication', async () => {
    const { access, phone, deviceToken } = await signIn(world);
    await send(phone, nextAddress(), 'reauthentication', deviceToken);
    for (let guess = 0; guess < 5; guess++) {
      await world.call(reauthenticate, { token: access, body: { otp: 'wrong' } });
    }
    world.advance(turnSeconds);
    const before = countSms(phone);
    for (const token of [deviceToken, undefined]) {
      const { status, code } = readResponse(await send(phone, nextAddress(), 'reauthentication', token));
      expect({ status, code }).toEqual({ status: 429, code: 'otp_try_limit' });
    }
    expect(countSms(phone)).toBe(before);
  });
});

test('a send to a number that has opted out counts for the client, not for the phone', async () => {
  world.set({ OTP_SENDS_PER_ADDRESS_PER_HOUR: '3' });
  const [phone, clientIp] = [world.phone(), nextAddress()];
  world.sandbox.faults.opted_out = [phone];
  const statuses: number[] = [];
  for (let turn = 0; turn < 4; turn++) statuses.push((await send(phone, clientIp)).status);
  expect(statuses).toEqual([400, 400, 400, 429]);
  world.sandbox.faults.opted_out = [];
  expect((await send(phone, nextAddress())).status).toBe(200);
});

test('a stolen device token never blocks a known device that logs in with the correct password', async () => {
  const account = await signUp(world);
  const stolenToken = (await logIn(world, account)).body.data.device_token;
  const logInWithToken = (password: string) => {
    const body = { email: account.email, password, device_token: stolenToken };
    return world.call(login, { body, clientIp: nextAddress() });
  };
  for (let guess = 0; guess < 16; guess++) await logInWithToken('guess');
  expect((await logInWithToken(account.password)).status).toBe(200);
});

test('a stolen device token gives ten more guesses than any client has, over all IP addresses', async () => {
  world.set({ FAILED_LOGINS_PER_ACCOUNT_PER_HOUR: '5' });
  const account = await signUp(world);
  const stolenToken = (await logIn(world, account)).body.data.device_token;
  const guess = () => {
    const body = { email: account.email, password: 'guess', device_token: stolenToken };
    return world.call(login, { body, clientIp: nextAddress() });
  };
  const statuses: number[] = [];
  for (let turn = 0; turn < 20; turn++) statuses.push((await guess()).status);
  expect(statuses.filter((status) => status === 403)).toHaveLength(15);
});

describe('the attempts that a network has left do not reveal accounts', () => {
  /** Resets a password with wrong OTPs, and returns the attempts that the network has left. */
  async function countAttemptsLeft(identifier: object, resets: number) {
    world.set({ WRONG_CODES_PER_ADDRESS_PER_HOUR: '20' });
    const clientIp = nextAddress();
    for (let turn = 0; turn < 5; turn++) {
      const body = { email: `unknown${turn}@example.com`, token: '000000', password: 'orange cat on a roof' };
      await world.call(reset, { body, clientIp });
    }
    for (let turn = 0; turn < resets; turn++) {
      const body = { ...identifier, token: '000000', password: 'orange cat on a roof' };
      await world.call(reset, { body, clientIp });
    }
    let left = 0;
    while ((await authenticateWith(world, world.phone(), '000000', { clientIp })).status === 400) left += 1;
    return left;
  }

  test.each([1, 7])('after %i wrong OTPs for a password reset', async (resets) => {
    const { access, phone } = await signIn(world);
    const email = `known-${resets}@example.com`;
    const request = { method: 'PATCH', token: access, body: { email } };
    expect((await world.call(updateCustomer, request)).status).toBe(200);
    const identifiers = [{ email }, { phone }, { email: `unknown-${resets}@example.com` }, { phone: world.phone() }];
    const left: number[] = [];
    for (const identifier of identifiers) left.push(await countAttemptsLeft(identifier, resets));
    expect(left).toEqual(Array(4).fill(15 - resets));
  });
});
