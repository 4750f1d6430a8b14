import { setTimeout } from 'node:timers/promises';
import { pendingEmailKey } from '../../lib/table/keys.ts';
import { requestEmailOtp, verifyAddress } from '../../lib/testing/stage/emails.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, logIn, nextAddress, signUp, verify } from '../../lib/testing/stage/signUp.ts';
import { type TestResponse, useWorld } from '../../lib/testing/stage/world.ts';
import { handler as logoutAllDevices } from '../auth/logoutAllDevices.ts';
import { handler as reauthenticate } from '../auth/reauthenticate.ts';
import { handler as listNotifications } from '../notifications/list.ts';
import { handler as changePassword } from '../password/set.ts';
import { handler as deleteCustomer } from './delete.ts';
import { handler as exportCustomer } from './export.ts';
import { handler as getCustomer } from './get.ts';
import { handler as setEmail } from './setEmail.ts';
import { handler as updateCustomer } from './update.ts';
import { handler as verifyEmail } from './verifyEmail.ts';

const world = useWorld();
beforeEach(() => cheapPasswords(world));

let addresses = 0;
const newEmail = () => `owner${++addresses}@example.com`;
const request = (token: string, email: string, clientIp = nextAddress()) =>
  world.call(setEmail, { token, body: { email }, clientIp });
const enter = (token: string, otp: string, clientIp = nextAddress()) =>
  world.call(verifyEmail, { token, body: { otp }, clientIp });
const patch = (token: string, email: string) =>
  world.call(updateCustomer, { method: 'PATCH', token, body: { email }, clientIp: nextAddress() });
const read = async (token: string) => (await world.call(getCustomer, { method: 'GET', token })).body;
const errorOf = ({ status, body }: TestResponse) => [status, body.errors?.[0]?.code, body.errors?.[0]?.attr];
const claimsOf = async (customerId: number) =>
  (await world.items())
    .filter(({ pk, sk, customerId: id }) => String(pk).startsWith('EMAIL#') && sk === 'CLAIM' && id === customerId)
    .map(({ pk }) => String(pk).slice('EMAIL#'.length));
const wrongOtp = (otp: string) => (otp === '000000' ? '000001' : '000000');

const requestOtp = (token: string, email: string) => requestEmailOtp(world, token, email);
const verifyOwn = (token: string, email: string) => verifyAddress(world, token, email);

describe('setEmail', () => {
  test('sends an OTP to the address, and changes nothing yet', async () => {
    const { access, customer } = await signIn(world);
    const email = newEmail();
    const { status, body } = await request(access, ` ${email.toUpperCase()} `);
    expect([status, body]).toEqual([202, { email, expires_in: 300 }]);
    expect(world.otpFor(email)).toMatch(/^\d{6}$/);
    expect(await read(access)).toMatchObject({ email: '', is_email_verified: false, is_phone_verified: true });
    expect(await claimsOf(customer.id)).toEqual([]);
  });

  test('sends text and HTML in the language of the customer, with a last line for automatic code entry', async () => {
    world.set({ BRAND_NAME: '<Tea> & "more"' });
    for (const [language, direction] of [
      ['en', '<html dir="ltr" lang="en">'],
      ['ar', '<html dir="rtl" lang="ar">'],
    ] as const) {
      const { access } = await signIn(world, { language });
      const email = newEmail();
      const otp = await requestOtp(access, email);
      const [message] = world.sandbox.messages.list(email);
      const { subject = '', html = '' } = (message?.payload ?? {}) as Record<string, string>;
      expect(message).toMatchObject({ kind: 'email', to: email });
      expect(message?.text.split('\n').at(-1)).toBe(`@shop.example.com #${otp}`);
      expect([subject.startsWith(otp), html.includes(direction), html.includes(otp)]).toEqual([true, true, true]);
      expect(html).not.toMatch(/<Tea>|"more"/);
      expect(/[\u0600-\u06ff]/.test(message?.text ?? '')).toBe(language === 'ar');
    }
  });

  test('requires a fresh proof', async () => {
    world.set({ ACCESS_TOKEN_SECONDS: '864000' });
    const account = await signUp(world);
    world.advance(601);
    const email = newEmail();
    expect(errorOf(await request(account.token, email))).toEqual([403, 'recent_code_required', null]);
    expect(world.sandbox.messages.list(email)).toEqual([]);
    const proof = { token: account.token, body: { password: account.password } };
    expect((await world.call(reauthenticate, proof)).status).toBe(204);
    expect((await request(account.token, email)).status).toBe(202);
  });

  test('responds the same to a taken address as to a free one', async () => {
    const [holder, verified, caller] = [await signUp(world), await signIn(world), await signIn(world)];
    const email = newEmail();
    await verifyOwn(verified.access, email);
    world.advance(60);
    for (const taken of [holder.email, email]) {
      expect((await request(caller.access, taken)).body).toEqual({ email: taken, expires_in: 300 });
    }
  });

  test("rejects the customer's own verified address, and accepts the own unverified one", async () => {
    const account = await signUp(world);
    await verifyOwn(account.token, account.email);
    world.advance(60);
    expect(errorOf(await request(account.token, account.email))).toEqual([400, 'invalid', 'email']);
  });

  test('waits 60, 120 and then 300 seconds between codes, five in an hour', async () => {
    const { access } = await signIn(world);
    const [email, clientIp] = [newEmail(), nextAddress()];
    const waits: number[] = [];
    for (const wait of [60, 120, 300, 300]) {
      expect((await request(access, email, clientIp)).status).toBe(202);
      const over = await request(access, email, clientIp);
      expect(errorOf(over)).toEqual([429, 'otp_send_limit', null]);
      waits.push(Number(over.headers['retry-after']));
      world.advance(wait);
    }
    expect(waits).toEqual([60, 120, 300, 300]);
    expect((await request((await signIn(world)).access, email, clientIp)).status).toBe(202);
    world.advance(300);
    expect((await request((await signIn(world)).access, email)).status).toBe(429);
  });

  test('sends twenty codes an hour for a client IP, and for a customer on any number of networks', async () => {
    const { access } = await signIn(world);
    const clientIp = nextAddress();
    const ofCustomer = [];
    for (let turn = 0; turn < 21; turn++) ofCustomer.push((await request(access, newEmail())).status);
    expect(ofCustomer).toEqual([...Array(20).fill(202), 429]);
    const ofNetwork = [];
    const others = [await signIn(world), await signIn(world)];
    for (let turn = 0; turn < 21; turn++) {
      ofNetwork.push((await request(others[turn % 2]?.access ?? '', newEmail(), clientIp)).status);
    }
    expect(ofNetwork).toEqual([...Array(20).fill(202), 429]);
  });

  test('stops at the daily cap of the stage, and keeps a part of it for known devices', async () => {
    world.set({ EMAILS_PER_STAGE_PER_DAY: '5' });
    world.advance(86_400);
    const { access } = await signIn(world);
    const statuses = [];
    for (let turn = 0; turn < 5; turn++) statuses.push((await request(access, newEmail())).status);
    expect(statuses).toEqual([202, 202, 202, 202, 429]);
  });

  test('returns email_unavailable on a stage without a sender, and PATCH still works', async () => {
    world.set({ EMAIL_SENDER: '' });
    const { access } = await signIn(world);
    const email = newEmail();
    expect(errorOf(await request(access, email))).toEqual([400, 'email_unavailable', null]);
    expect((await patch(access, email)).status).toBe(200);
  });

  test.each([
    ['throttles', { throttling: true }, 429],
    ['has no quota left', { quota: true }, 429],
    ['rejects the e-mail', { rejected: ['rejected@example.com'] }, 500],
  ])('changes nothing when SES %s, and can be repeated', async (_, faults, status) => {
    const { access } = await signIn(world);
    const first = newEmail();
    const email = 'rejected' in faults ? 'rejected@example.com' : newEmail();
    const otp = await requestOtp(access, first);
    Object.assign(world.sandbox.faults, faults);
    expect((await request(access, email)).status).toBe(status);
    expect(world.sandbox.messages.list(email)).toEqual([]);
    expect((await enter(access, otp)).body).toMatchObject({ email: first, is_email_verified: true });
    world.sandbox.faults = { ...world.sandbox.faults, throttling: false, quota: false, rejected: [] };
    expect((await request(access, email)).status).toBe(202);
  });

  test('leaves no pending address when SES rejects the first e-mail', async () => {
    const { access, customer } = await signIn(world);
    const email = newEmail();
    world.sandbox.faults.rejected = [email];
    expect((await request(access, email)).status).toBe(500);
    const { pk, sk } = pendingEmailKey(customer.id);
    expect((await world.partition(pk)).filter((item) => item.sk === sk)).toEqual([]);
  });

  test('changes nothing when the table fails between the code and the e-mail, and can be repeated', async () => {
    const { access } = await signIn(world);
    const email = newEmail();
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' ? { status: 500, type: 'InternalServerError' } : undefined,
    );
    expect((await request(access, email)).status).toBe(500);
    expect(world.sandbox.messages.list(email)).toEqual([]);
    world.engine.heal();
    expect((await request(access, email)).status).toBe(202);
  });

  test('counts an e-mail with an unknown outcome as sent', async () => {
    const { access } = await signIn(world);
    const email = newEmail();
    world.sandbox.faults.internal_error = true;
    expect((await request(access, email)).status).toBe(202);
    expect((await request(access, email)).status).toBe(429);
  });

  test.each(['a', 'a@b', '@example.com', 'a b@example.com', 7, null, ''])('rejects the address %p', async (email) => {
    const { access } = await signIn(world);
    const response = await world.call(setEmail, { token: access, body: { email } });
    expect([response.status, response.body.errors[0].attr]).toEqual([400, 'email']);
  });
});

describe('verifyEmail', () => {
  test('sets the address as verified, releases the old one, and tells the old one', async () => {
    const { access, customer, phone } = await signIn(world);
    const [first, second] = [newEmail(), newEmail()];
    await verifyOwn(access, first);
    const { status, body } = await enter(access, await requestOtp(access, second));
    expect([status, body]).toMatchObject([200, { id: customer.id, email: second, is_email_verified: true }]);
    expect(await claimsOf(customer.id)).toEqual([second]);
    const [notice] = world.sandbox.messages.list(first);
    expect(notice).toMatchObject({
      kind: 'email',
      text: expect.stringContaining('e-mail address of your account was changed'),
    });
    expect(world.sandbox.messages.list(phone)[0]?.text).toContain('e-mail address of your account was changed');
    expect((await patch((await signIn(world)).access, first)).status).toBe(200);
  });

  test('verifies the unverified address of the account', async () => {
    const account = await signUp(world);
    await verifyOwn(account.token, account.email);
    expect(await read(account.token)).toMatchObject({ email: account.email, is_email_verified: true });
    expect((await logIn(world, account)).status).toBe(200);
  });

  test('rejects a wrong OTP, and one that was not requested, expired or used', async () => {
    const { access } = await signIn(world);
    expect(errorOf(await enter(access, '123456'))).toEqual([400, 'otp_expired', 'otp']);
    const email = newEmail();
    const otp = await requestOtp(access, email);
    expect(errorOf(await enter(access, wrongOtp(otp)))).toEqual([400, 'otp_invalid', 'otp']);
    world.advance(300);
    expect(errorOf(await enter(access, otp))).toEqual([400, 'otp_expired', 'otp']);
    const later = await requestOtp(access, email);
    expect((await enter(access, later)).status).toBe(200);
    expect(errorOf(await enter(access, later))).toEqual([400, 'otp_expired', 'otp']);
  });

  test('allows five attempts at an OTP', async () => {
    const { access } = await signIn(world);
    const otp = await requestOtp(access, newEmail());
    const guesses = await Promise.all(Array.from({ length: 8 }, () => enter(access, wrongOtp(otp))));
    expect(guesses.filter(({ status }) => status === 400)).toHaveLength(5);
    expect(errorOf(await enter(access, otp))).toEqual([429, 'otp_try_limit', null]);
  });

  test('accepts the OTP of the newest address only', async () => {
    const { access } = await signIn(world);
    const [first, second] = [newEmail(), newEmail()];
    const old = await requestOtp(access, first);
    const otp = await requestOtp(access, second);
    if (old !== otp) expect((await enter(access, old)).status).toBe(400);
    expect((await enter(access, otp)).body.email).toBe(second);
  });

  test('takes an address from an account that has not verified it, and tells that account', async () => {
    const [holder, owner] = [await signUp(world), await signIn(world)];
    await verifyOwn(owner.access, holder.email);
    expect(await read(owner.access)).toMatchObject({ email: holder.email, is_email_verified: true });
    expect(await read(holder.token)).toMatchObject({ email: '', is_email_verified: false });
    expect(await claimsOf(holder.id)).toEqual([]);
    const { body } = await world.call(listNotifications, { method: 'GET', token: holder.token });
    expect(body.results).toMatchObject([{ title: 'Your e-mail address was removed' }]);
    expect((await logIn(world, holder)).body.data).toMatchObject({ id: holder.id, email: '' });
  });

  test('tells the verified phone of the account that loses the address, which keeps its phone', async () => {
    const [holder, owner] = [await signUp(world), await signIn(world)];
    await verify(world, holder);
    await verifyOwn(owner.access, holder.email);
    expect(world.sandbox.messages.list(holder.phone)[0]?.text).toContain('Another customer has verified');
    expect(await read(holder.token)).toMatchObject({ email: '', phone_number: holder.phone, is_phone_verified: true });
    expect((await logIn(world, holder)).status).toBe(403);
    expect((await world.partition(`EMAIL#${holder.email}`)).map(({ sk }) => sk)).toEqual(['CLAIM']);
  });

  test('leaves an address with the account that verified it, and tells so only for the right OTP', async () => {
    const [first, second] = [await signIn(world), await signIn(world)];
    const email = newEmail();
    await verifyOwn(first.access, email);
    world.advance(60);
    const otp = await requestOtp(second.access, email);
    expect(errorOf(await enter(second.access, wrongOtp(otp)))).toEqual([400, 'otp_invalid', 'otp']);
    expect(errorOf(await enter(second.access, otp))).toEqual([400, 'unique', 'email']);
    expect((await read(first.access)).email).toBe(email);
    expect(await claimsOf(second.customer.id)).toEqual([]);
  });

  test('consumes the OTP once, however many requests use it at a time', async () => {
    const { access, customer } = await signIn(world);
    const email = newEmail();
    const otp = await requestOtp(access, email);
    const responses = await Promise.all(Array.from({ length: 5 }, () => enter(access, otp)));
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await claimsOf(customer.id)).toEqual([email]);
  });

  test('gives an address to one of two customers who verify it at the same time', async () => {
    const [one, two] = [await signIn(world), await signIn(world)];
    const email = newEmail();
    await requestOtp(one.access, email);
    world.advance(60);
    const otp = await requestOtp(two.access, email);
    const responses = await Promise.all([enter(one.access, otp), enter(two.access, otp)]);
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
    const holders = (await world.items()).filter((item) => item.email === email && item.phoneNumber);
    expect(holders).toMatchObject([{ isEmailVerified: true }]);
  });

  test('leaves one claim beside a change of the address by PATCH at the same time', async () => {
    for (let turn = 0; turn < 6; turn++) {
      const { access, customer } = await signIn(world);
      const [email, other] = [newEmail(), newEmail()];
      const otp = await requestOtp(access, email);
      await Promise.all([enter(access, otp), setTimeout(2 * turn).then(() => patch(access, other))]);
      const profile = await read(access);
      expect([email, other]).toContain(profile.email);
      expect([profile.is_email_verified, await claimsOf(customer.id)]).toEqual([
        profile.email === email,
        [profile.email],
      ]);
    }
  });

  test('changes nothing when the table fails, and works once when a response of the table is lost', async () => {
    const { access } = await signIn(world);
    const email = newEmail();
    const otp = await requestOtp(access, email);
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' ? { status: 500, type: 'InternalServerError' } : undefined,
    );
    expect((await enter(access, otp)).status).toBe(500);
    world.engine.heal();
    expect((await read(access)).email).toBe('');
    let lost = 0;
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' && lost++ === 0 ? 'lose response' : undefined,
    );
    expect((await enter(access, otp)).body).toMatchObject({ email, is_email_verified: true });
  });

  test('repeats its response for the same idempotency key, also in parallel', async () => {
    const { access, customer } = await signIn(world);
    const email = newEmail();
    const otp = await requestOtp(access, email);
    const headers = { 'Idempotency-Key': `verify-${customer.id}` };
    const send = () => world.call(verifyEmail, { token: access, body: { otp }, headers, clientIp: nextAddress() });
    const responses = [...(await Promise.all([send(), send(), send()])), await send()];
    for (const { status, body } of responses) {
      expect([status, body]).toMatchObject([200, { email, is_email_verified: true }]);
    }
    expect(await claimsOf(customer.id)).toEqual([email]);
  });

  test('rejects a session that has been revoked', async () => {
    const { access } = await signIn(world);
    const otp = await requestOtp(access, newEmail());
    await world.call(logoutAllDevices, { token: access });
    expect((await enter(access, otp)).status).toBe(401);
  });
});

describe('a verified address', () => {
  test('is changed by PATCH only with a fresh proof, and then is unverified', async () => {
    world.set({ ACCESS_TOKEN_SECONDS: '864000' });
    const { access } = await signIn(world);
    const [email, other] = [newEmail(), newEmail()];
    await verifyOwn(access, email);
    expect((await patch(access, email)).body).toMatchObject({ email, is_email_verified: true });
    world.advance(601);
    for (const value of [other, '']) {
      expect(errorOf(await patch(access, value))).toEqual([403, 'recent_code_required', null]);
    }
    expect(await read(access)).toMatchObject({ email, is_email_verified: true });
    const fresh = await signIn(world);
    await verifyOwn(fresh.access, other);
    const changed = await patch(fresh.access, newEmail());
    expect([changed.status, changed.body.is_email_verified]).toEqual([200, false]);
    expect(world.sandbox.messages.list(other)[0]?.text).toContain('was changed');
  });

  test('is told of a new password, and a new address beside it is unverified', async () => {
    const { access } = await signIn(world);
    const [email, other] = [newEmail(), newEmail()];
    await verifyOwn(access, email);
    const password = 'violet bicycle 77';
    const same = await world.call(changePassword, { token: access, body: { password } });
    expect([same.status, same.body.is_email_verified]).toEqual([200, true]);
    expect(world.sandbox.messages.list(email)[0]?.text).toContain('A new password was set');
    const body = { email: other, password: 'violet bicycle 78' };
    const moved = await world.call(changePassword, { token: access, body });
    expect([moved.body.email, moved.body.is_email_verified]).toEqual([other, false]);
  });
});

describe('an unverified address', () => {
  test('belongs to the first account that gave it, also against a customer with a verified phone', async () => {
    const [holder, other] = [await signUp(world), await signIn(world)];
    expect(errorOf(await patch(other.access, holder.email))).toEqual([400, 'unique', 'email']);
    const body = { email: holder.email, password: 'violet bicycle 77' };
    expect((await world.call(changePassword, { token: other.access, body })).status).toBe(400);
    expect((await read(holder.token)).email).toBe(holder.email);
  });
});

test('an export shows a pending address, and an erasure deletes it', async () => {
  const changes = await world.openStream('followUp');
  const { access, customer } = await signIn(world);
  const email = newEmail();
  await requestOtp(access, email);
  const { body } = await world.call(exportCustomer, { method: 'GET', token: access });
  expect(body.pending_email).toEqual({ email, expires_at: expect.stringMatching(/Z$/) });
  expect(body.profile).toMatchObject({ is_email_verified: false });
  expect((await world.call(deleteCustomer, { method: 'DELETE', token: access })).status).toBe(204);
  await invoke('followUp', { Records: await changes.take() });
  const { pk, sk } = pendingEmailKey(customer.id);
  expect((await world.partition(pk)).map((item) => item.sk)).not.toContain(sk);
});
