import { checkClaims } from '../../deploy/restoreChecks.ts';
import * as countries from '../../lib/countries/countryRepository.ts';
import { otpKey } from '../../lib/table/keys.ts';
import { requestEmailOtp, verifyAddress } from '../../lib/testing/stage/emails.ts';
import { authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
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
import { handler as refresh } from '../auth/refresh.ts';
import { handler as sendOtp } from '../auth/sendOtp.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as exportCustomer } from '../customers/export.ts';
import { handler as getCustomer } from '../customers/get.ts';
import { handler as updateCustomer } from '../customers/update.ts';
import { handler as verifyEmail } from '../customers/verifyEmail.ts';
import { handler as availability } from './availability.ts';
import { handler as forget } from './forget.ts';
import { handler as reset } from './reset.ts';
import { handler as setPassword } from './set.ts';
import { handler as signup } from './signup.ts';
import { handler as verifyPhone } from './verifyPhone.ts';

const world = useWorld();
beforeEach(() => cheapPasswords(world));

const getMe = async (token: string) => (await world.call(getCustomer, { method: 'GET', token })).body;
const listFields = ({ status, body }: TestResponse) => [status, Object.keys(body.errors?.errorDetails ?? {})];
const submitOtp = (token: string, code: unknown) =>
  world.call(verifyPhone, { token, body: { verification_code: code } });
const requestPhoneOtp = (token: string) => world.call(verifyPhone, { token, clientIp: nextAddress() });
const setEmail = (token: string, email: string) =>
  world.call(updateCustomer, { method: 'PATCH', token, body: { email } });

describe('verifyPhone', () => {
  test('sends an OTP with 409, returns 200 for that OTP, and 200 for later requests', async () => {
    const account = await signUp(world);
    const requested = await requestPhoneOtp(account.token);
    expect([requested.status, requested.body.code, requested.body.errors.errorDetails]).toEqual([409, 409, []]);
    const code = world.otpFor(account.phone).replace(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)));
    const { status, body } = await submitOtp(account.token, code);
    expect([status, body.data.id, body.data.phone, body.data.phone_verified]).toEqual([
      200,
      account.id,
      account.phone,
      true,
    ]);
    expect((await getMe(body.data.token)).phone_number).toBe(account.phone);
    const again = await requestPhoneOtp(account.token);
    expect([again.status, again.body.data.phone_verified]).toEqual([200, true]);
  });

  test('accepts the same OTP again when a client repeats the request, in parallel or later', async () => {
    const account = await signUp(world);
    await requestPhoneOtp(account.token);
    const code = world.otpFor(account.phone);
    const responses = await Promise.all(Array.from({ length: 5 }, () => submitOtp(account.token, code)));
    expect(responses.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect((await submitOtp(account.token, code)).status).toBe(200);
  });

  test('allows sign-in by OTP to the same account', async () => {
    const account = await signUp(world);
    await verify(world, account);
    world.advance(60);
    const byCode = await authenticateWith(world, account.phone, await requestOtp(world, account.phone));
    expect([byCode.status, byCode.body.customer.id]).toEqual([200, account.id]);
    expect((await logIn(world, account)).body.data.id).toBe(account.id);
  });

  test('rejects a wrong, unrequested, malformed or expired OTP by the name of the field', async () => {
    const account = await signUp(world);
    expect(listFields(await submitOtp(account.token, '123456'))).toEqual([423, ['verification_code']]);
    await requestPhoneOtp(account.token);
    const code = world.otpFor(account.phone);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    expect(listFields(await submitOtp(account.token, wrong))).toEqual([423, ['verification_code']]);
    expect(listFields(await submitOtp(account.token, ['1']))).toEqual([423, ['verification_code']]);
    world.advance(300);
    expect(listFields(await submitOtp(account.token, code))).toEqual([423, ['verification_code']]);
    expect((await requestPhoneOtp(account.token)).status).toBe(409);
  });

  test('accepts another phone of the same country after a typo at sign-up, once it is verified', async () => {
    const account = await signUp(world);
    const phone = world.phone();
    const withPhone = (body: object) =>
      world.call(verifyPhone, { token: account.token, body: { phone, ...body }, clientIp: nextAddress() });
    expect((await withPhone({})).status).toBe(409);
    const response = await withPhone({ verification_code: world.otpFor(phone) });
    expect([response.status, response.body.data.phone]).toEqual([200, phone]);
    expect(await world.partition(`PHONE#${account.phone}`)).toEqual([]);

    const other = await signUp(world);
    const verifyOther = (phone: string) => world.call(verifyPhone, { token: other.token, body: { phone } });
    expect(listFields(await verifyOther(phone))).toEqual([423, ['phone']]);
    expect(listFields(await verifyOther('+96599123456'))).toEqual([423, ['phone']]);
    expect(listFields(await verifyOther('7'))).toEqual([423, ['phone']]);
  });

  test('returns "already taken" at most fifty times an hour, and after an OTP only if it is correct', async () => {
    const [{ token }, owner] = [await signUp(world), await signIn(world)];
    const clientIp = nextAddress();
    const probe = (phone: string, code?: string) =>
      world.call(verifyPhone, { token, body: { phone, verification_code: code }, clientIp });
    for (const phone of [owner.phone, world.phone()])
      expect(listFields(await probe(phone, '123456'))).toEqual([423, ['verification_code']]);
    world.set({ AVAILABILITY_CHECKS_PER_ADDRESS_PER_HOUR: '3' });
    for (let check = 0; check < 3; check++) expect(listFields(await probe(owner.phone))).toEqual([423, ['phone']]);
    const responses = [await probe(owner.phone), await probe(world.phone())];
    expect(responses.map(({ status }) => status)).toEqual([429, 429]);
    expect(responses[0]?.body).toEqual(responses[1]?.body);
  });

  test('reveals no OTP of a phone to another customer, whose guesses use up no attempts of its owner', async () => {
    const [owner, stranger] = [await signUp(world), await signUp(world)];
    const guess = (code: string) => {
      const body = { phone: owner.phone, verification_code: code };
      return world.call(verifyPhone, { token: stranger.token, body, clientIp: nextAddress() });
    };
    const before = await guess('000000');
    await requestPhoneOtp(owner.token);
    const wrong = world.otpFor(owner.phone) === '000000' ? '000001' : '000000';
    for (let turn = 0; turn < 4; turn++) expect((await guess(wrong)).body).toEqual(before.body);
    expect((await submitOtp(owner.token, world.otpFor(owner.phone))).status).toBe(200);
  });

  test('keeps an attempt for the owner of the phone when one IP address has used up its share', async () => {
    const phone = world.phone();
    const squatter = await signUp(world, { phone });
    const clientIp = nextAddress();
    await world.call(verifyPhone, { token: squatter.token, clientIp });
    for (let turn = 0; turn < 6; turn++) {
      await world.call(verifyPhone, { token: squatter.token, body: { verification_code: '000000' }, clientIp });
    }
    const owner = await signUp(world);
    world.advance(301);
    expect((await verify(world, { ...owner, phone })).status).toBe(200);
  });

  test('rejects another phone of a customer who has verified one', async () => {
    const account = await signUp(world);
    await verify(world, account);
    for (const code of [{}, { verification_code: '123456' }]) {
      const body = { phone: world.phone(), ...code };
      expect(listFields(await world.call(verifyPhone, { token: account.token, body }))).toEqual([423, ['phone']]);
    }
    const own = { phone: account.phone };
    expect((await world.call(verifyPhone, { token: account.token, body: own })).status).toBe(200);
  });

  test('rejects a phone of a country that is no longer served, and sends nothing', async () => {
    const { token, phone } = await signUp(world, { phone: '+96550054321' });
    world.disableCaches();
    const kuwait = await countries.find('KW');
    await countries.save({ ...kuwait, active: false });
    expect(listFields(await requestPhoneOtp(token))).toEqual([423, ['phone']]);
    await countries.save(kuwait);
    expect(world.sandbox.messages.list(phone)).toEqual([]);
    expect((await requestPhoneOtp(token)).status).toBe(409);
  });

  test('returns the access token of the request and no refresh token, so later refreshes still work', async () => {
    const account = await signUp(world);
    for (const response of [await verify(world, account), await world.call(verifyPhone, { token: account.token })]) {
      expect({ status: response.status, token: response.body.data.token }).toEqual({
        status: 200,
        token: account.token,
      });
      expect(response.body.data).not.toHaveProperty('refresh_token');
    }
    const renewed = await world.call(refresh, { body: { refresh: account.refresh } });
    world.advance(600);
    expect((await world.call(refresh, { body: { refresh: renewed.body.refresh } })).status).toBe(200);
  });

  test('counts no wrong attempt for a correct OTP in parallel requests', async () => {
    const account = await signUp(world);
    await requestPhoneOtp(account.token);
    const code = world.otpFor(account.phone);
    await Promise.all(Array.from({ length: 5 }, () => submitOtp(account.token, code)));
    const items = await world.partition(otpKey(account.phone).pk);
    expect(items.find(({ sk }) => sk === 'OTP')?.wrong1).toBe(0);
  });

  test('sends at most one OTP a minute', async () => {
    const { token } = await signUp(world);
    const responses = await Promise.all(Array.from({ length: 10 }, () => requestPhoneOtp(token)));
    expect(responses.map(({ status }) => status).sort()).toEqual([409, ...Array(9).fill(429)]);
    expect(Number(responses.find(({ status }) => status === 429)?.headers['retry-after'])).toBe(60);
  });

  test('rejects an OTP for sign-in, and sends an OTP that does not sign in', async () => {
    const account = await signUp(world);
    await world.call(sendOtp, {
      body: { phone_number: account.phone, otp_type: 'customer_auth' },
      clientIp: nextAddress(),
    });
    expect((await submitOtp(account.token, world.otpFor(account.phone))).status).toBe(423);
    world.advance(60);
    await requestPhoneOtp(account.token);
    expect((await authenticateWith(world, account.phone, world.otpFor(account.phone))).status).toBe(400);
  });

  test('verifies the phone once for parallel requests, without an error', async () => {
    const account = await signUp(world);
    await requestPhoneOtp(account.token);
    const code = world.otpFor(account.phone);
    const responses = await Promise.all(Array.from({ length: 5 }, () => submitOtp(account.token, code)));
    expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(responses.filter(({ status }) => status === 500)).toEqual([]);
    expect((await requestPhoneOtp(account.token)).body.data.phone_verified).toBe(true);
  });
});

describe('an attacker who signs up with the phone of another person', () => {
  const signUpAttacker = (phone: string) => signUp(world, { phone, email: `attacker${phone.slice(1)}@example.com` });

  test('before its owner loses the phone when the owner signs in to a new account', async () => {
    const phone = world.phone();
    const attacker = await signUpAttacker(phone);
    const owner = await authenticateWith(world, phone, await requestOtp(world, phone));
    expect(owner.status).toBe(201);
    expect(owner.body.customer.id).not.toBe(attacker.id);
    expect(owner.body.customer).toMatchObject({ phone_number: phone, full_name: '', email: '' });
    const { body } = await logIn(world, attacker);
    expect(body.data).toMatchObject({ id: attacker.id, phone: '', phone_verified: false });
    expect((await getMe(attacker.token)).phone_number).toBe('');
    expect(listFields(await requestPhoneOtp(attacker.token))).toEqual([423, ['phone']]);
  });

  test('cannot verify it with an OTP from before the sign-in of the owner', async () => {
    const phone = world.phone();
    const attacker = await signUpAttacker(phone);
    await requestPhoneOtp(attacker.token);
    const code = world.otpFor(phone);
    world.advance(60);
    const owner = await authenticateWith(world, phone, await requestOtp(world, phone));
    expect(owner.status).toBe(201);
    expect((await submitOtp(attacker.token, code)).status).toBe(423);
    expect((await getMe(owner.body.access)).phone_number).toBe(phone);
  });

  test('after its owner is told that the phone is taken', async () => {
    const owner = await signIn(world);
    expect(listFields(await world.call(signup, { body: newAccount(world, { phone: owner.phone }) }))).toEqual([
      423,
      ['phone'],
    ]);
    expect((await getMe(owner.access)).phone_number).toBe(owner.phone);
  });

  test('does not prevent the owner from verifying it in their own account', async () => {
    const phone = world.phone();
    const attacker = await signUpAttacker(phone);
    const owner = await signUp(world);
    expect((await verify(world, { ...owner, phone })).status).toBe(200);
    expect((await logIn(world, attacker)).body.data.phone).toBe('');
    world.advance(60);
    const byCode = await authenticateWith(world, phone, await requestOtp(world, phone));
    expect(byCode.body.customer.id).toBe(owner.id);
  });

  test('cannot reset the password with it: no OTP is sent, and a requested OTP is rejected', async () => {
    const phone = world.phone();
    const attacker = await signUpAttacker(phone);
    const before = world.sandbox.messages.list(phone).length;
    for (const body of [{ phone }, { email: attacker.email }]) {
      expect((await world.call(forget, { body, clientIp: nextAddress() })).status).toBe(200);
    }
    expect(world.sandbox.messages.list(phone)).toHaveLength(before);
    world.advance(60);
    await world.call(sendOtp, {
      body: { phone_number: phone, otp_type: 'password_reset' },
      clientIp: nextAddress(),
    });
    const body = { phone, token: world.otpFor(phone), password: 'orange cat on a roof' };
    expect((await world.call(reset, { body, clientIp: nextAddress() })).status).toBe(403);
    expect((await logIn(world, attacker)).status).toBe(200);
  });

  test('during the sign-in of its owner never gets the phone', async () => {
    for (let round = 0; round < 5; round++) {
      const phone = world.phone();
      const code = await requestOtp(world, phone);
      const [owner, ...attackers] = await Promise.all([
        authenticateWith(world, phone, code),
        ...Array.from({ length: 5 }, () => world.call(signup, { body: newAccount(world, { phone }) })),
      ]);
      expect(owner?.status).toBe(201);
      expect((await getMe(owner?.body.access)).phone_number).toBe(phone);
      for (const { status, body } of attackers) {
        if (status === 423) continue;
        expect([status, (await getMe(body.data.token)).phone_number]).toEqual([200, '']);
      }
      expect((await world.items()).filter((item) => item.phoneNumber === phone)).toHaveLength(1);
    }
    expect(await checkClaims()).toEqual([]);
  });

  test('never shares it with another account that verifies it in parallel', async () => {
    const phone = world.phone();
    const [one, other] = [await signUpAttacker(phone), await signUp(world)];
    await requestPhoneOtp(one.token);
    const body = { phone, verification_code: world.otpFor(phone) };
    const responses = await Promise.all([one, other].map(({ token }) => world.call(verifyPhone, { token, body })));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 423]);
    expect((await world.items()).filter((item) => item.phoneNumber === phone)).toHaveLength(1);
    expect(await checkClaims()).toEqual([]);
  });
});

describe('an attacker who signs up with the e-mail of another person', () => {
  test('loses it to an owner who verifies it', async () => {
    const attacker = await signUp(world, { email: 'owner@example.com' });
    const owner = await signIn(world);
    await verifyAddress(world, owner.access, 'owner@example.com');
    expect((await getMe(owner.access)).email).toBe('owner@example.com');
    expect((await getMe(attacker.token)).email).toBe('');
  });

  test('and loses it still logs in to their own account with it, and never to the account of the owner', async () => {
    const email = 'still@example.com';
    const first = await signUp(world, { email });
    const owner = await signIn(world);
    await verifyAddress(world, owner.access, email);
    expect((await logIn(world, first)).body.data).toMatchObject({ id: first.id, email: '' });
    world.advance(60);
    const password = 'violet bicycle 77';
    expect((await world.call(setPassword, { token: owner.access, body: { password } })).status).toBe(200);
    expect((await logIn(world, { email, password })).body.data.id).toBe(owner.customer.id);
    expect((await logIn(world, first)).body.data.id).toBe(first.id);
    expect((await logIn(world, { email, password: 'neither of them' })).status).toBe(403);
    await world.call(deleteCustomer, { method: 'DELETE', token: first.token });
    expect((await world.partition(`EMAIL#${email}`)).map(({ sk }) => sk)).toEqual(['CLAIM']);
    expect((await logIn(world, first)).status).toBe(403);
  });

  test('and loses it gets no more guesses at the owner by logging in to their own account in between', async () => {
    const email = 'guessed.at@example.com';
    const attacker = await signUp(world, { email });
    const owner = await signIn(world);
    await verifyAddress(world, owner.access, email);
    const password = 'violet bicycle 77';
    expect((await world.call(setPassword, { token: owner.access, body: { password } })).status).toBe(200);
    const clientIp = nextAddress();
    const logInFrom = (password: string) => logIn(world, { email, password }, { clientIp });
    for (let guess = 0; guess < 9; guess++) expect((await logInFrom(`guess ${guess}`)).status).toBe(403);
    expect((await logInFrom(attacker.password)).body.data.id).toBe(attacker.id);
    expect((await logInFrom('guess 9')).status).toBe(403);
    expect((await logInFrom(password)).status).toBe(429);
    expect((await logIn(world, { email, password })).body.data.id).toBe(owner.customer.id);
  });

  test('and loses it is not locked out by a third account, which cannot sign up with it', async () => {
    const email = 'given.up@example.com';
    const first = await signUp(world, { email });
    const owner = await signIn(world);
    await verifyAddress(world, owner.access, email);
    expect((await setEmail(owner.access, '')).status).toBe(200);
    expect(listFields(await world.call(signup, { body: newAccount(world, { email }) }))).toEqual([423, ['email']]);
    expect(listFields(await world.call(availability, { method: 'GET', query: { email } }))).toEqual([423, ['email']]);
    expect((await setEmail((await signUp(world)).token, email)).status).toBe(400);
    expect((await logIn(world, first)).status).toBe(200);
    expect((await setEmail(first.token, email)).status).toBe(200);
    world.advance(60);
    await verifyAddress(world, owner.access, email);
    expect((await logIn(world, first)).status).toBe(200);
  });

  test('and loses two in turn logs in with the second, and their deletion leaves no trace of either', async () => {
    const emails = ['one.of.two@example.com', 'two.of.two@example.com'] as const;
    const account = await signUp(world, { email: emails[0] });
    for (const email of emails) {
      await setEmail(account.token, email);
      await verifyAddress(world, (await signIn(world)).access, email);
    }
    expect((await logIn(world, { ...account, email: emails[1] })).status).toBe(200);
    expect((await logIn(world, { ...account, email: emails[0] })).status).toBe(403);
    await world.call(deleteCustomer, { method: 'DELETE', token: account.token });
    for (const email of emails) {
      expect((await world.partition(`EMAIL#${email}`)).map(({ sk }) => sk)).toEqual(['CLAIM']);
    }
  });

  test('keeps it from everyone who does not verify it, even from a customer with a verified phone', async () => {
    const [first, second] = [await signUp(world), await signIn(world)];
    const { status, body } = await setEmail(second.access, first.email);
    expect([status, body.errors[0]]).toEqual([400, expect.objectContaining({ attr: 'email', code: 'unique' })]);
    expect((await logIn(world, first)).status).toBe(200);
  });

  test('and has verified a phone loses it too, and then logs in with the phone alone', async () => {
    const [first, owner] = [await signUp(world), await signIn(world)];
    await verify(world, first);
    await verifyAddress(world, owner.access, first.email);
    expect((await logIn(world, first)).status).toBe(403);
    world.advance(60);
    const byOtp = await authenticateWith(world, first.phone, await requestOtp(world, first.phone));
    expect(byOtp.body.customer).toMatchObject({ id: first.id, email: '' });
  });

  test('cannot take it from a customer who has it, at sign-up or later', async () => {
    const owner = await signIn(world);
    await setEmail(owner.access, 'kept@example.com');
    expect(listFields(await world.call(signup, { body: newAccount(world, { email: 'kept@example.com' }) }))).toEqual([
      423,
      ['email'],
    ]);
    const attacker = await signUp(world);
    expect((await setEmail(attacker.token, 'kept@example.com')).status).toBe(400);
    const other = await signUp(world);
    expect((await setEmail(attacker.token, other.email)).status).toBe(400);
    expect((await getMe(owner.access)).email).toBe('kept@example.com');
  });

  test('loses it to exactly one of ten customers who verify it in parallel', async () => {
    const email = 'contested@example.com';
    const attacker = await signUp(world, { email });
    const owners = await Promise.all(Array.from({ length: 10 }, () => signIn(world)));
    world.set({ OTP_COOL_DOWNS_SECONDS: '0', OTP_SENDS_PER_PHONE_PER_HOUR: '24', OTP_SENDS_PER_PHONE_PER_DAY: '24' });
    world.set({ OTP_TRIES_PER_CODE: '20', OTP_WRONG_TRIES_PER_PHONE_PER_DAY: '24' });
    for (const { access } of owners) await requestEmailOtp(world, access, email);
    const otp = world.otpFor(email);
    const responses = await Promise.all(
      owners.map(({ access: token }) => world.call(verifyEmail, { token, body: { otp }, clientIp: nextAddress() })),
    );
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await world.items()).filter((item) => item.email === email && 'fullName' in item)).toHaveLength(1);
    expect((await getMe(attacker.token)).email).toBe('');
  });
});

describe('a customer with a password', () => {
  test('leaves no password and no claim when deleted, and releases the e-mail and the phone', async () => {
    for (const isVerified of [false, true]) {
      const account = await signUp(world);
      const { phone, email, password, id } = account;
      if (isVerified) await verify(world, account);
      expect((await world.call(deleteCustomer, { method: 'DELETE', token: account.token })).status).toBe(204);
      expect((await logIn(world, account)).status).toBe(403);
      const remaining = (await world.items()).filter(
        (item) => item.customerId === id && /^(PHONE|EMAIL)#/.test(String(item.pk)),
      );
      expect(remaining).toEqual([]);
      const again = await signUp(world, { phone, email, password });
      expect(again.id).not.toBe(id);
    }
  });

  test('can export everything except the password hash', async () => {
    const account: Account = await signUp(world, { refered: 'ali' });
    const { body } = await world.call(exportCustomer, { method: 'GET', token: account.token });
    expect(body.profile).toMatchObject({ unproven_phone: account.phone, last_name: 'Hassan', referred_by: 'ali' });
    expect(body.password).toEqual({ changed_at: expect.stringMatching(/Z$/) });
    expect(JSON.stringify(body)).not.toContain('argon2');
  });
});
