import { profileKey } from '../../lib/table/keys.ts';
import { operate, operator, runBeforeTransaction } from '../../lib/testing/stage/operators.ts';
import { addressOf, authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, logIn, nextAddress, signUp, verify } from '../../lib/testing/stage/signUp.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as refresh } from '../auth/refresh.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as getCustomer } from '../customers/get.ts';
import { handler as forgetPassword } from '../password/forget.ts';
import { handler as resetPassword } from '../password/reset.ts';

const world = useWorld({ seed: ['countries', 'settings', 'passwords'] });
beforeEach(() => cheapPasswords(world));

const message = { en: 'Settle your last payment.', ar: 'سدّد دفعتك الأخيرة.' };
const suspend = (customer_id: number, event: object = {}) => operate('suspendCustomer', { customer_id, ...event });
const restore = (customer_id: number) => operate('restoreCustomer', { customer_id });
const read = (token: string) => world.call(getCustomer, { method: 'GET', token });
const codeOf = ({ body }: { body: { errors?: { code: string }[] } }) => body.errors?.[0]?.code;
const readProfile = async (id: number) =>
  (await world.partition(profileKey(id).pk)).find(({ sk }) => sk === profileKey(id).sk);
const suspended = (detail: string) => ({
  type: 'client_error',
  errors: [{ code: 'account_suspended', detail, attr: null }],
});
const standard = { en: 'Your account is suspended. Please contact us.', ar: 'تم إيقاف حسابك. يرجى التواصل معنا.' };

/** Signs up a customer with a password and a verified phone. */
async function signUpVerified() {
  const account = await signUp(world);
  await verify(world, account);
  world.advance(300);
  return account;
}

async function requestReset(phone: string): Promise<string> {
  await world.call(forgetPassword, { body: { phone }, clientIp: addressOf(phone) });
  return world.otpFor(phone);
}

const resetWith = (phone: string, token: string, password = 'green tea 43 cups') =>
  world.call(resetPassword, { body: { phone, token, password }, clientIp: addressOf(phone) });

describe('suspendCustomer', () => {
  test('ends all sessions at once, and returns how many', async () => {
    const first = await signIn(world);
    world.advance(60);
    const second = await signIn(world, { phone: first.phone, registrationId: 'second' });
    const { id } = first.customer;
    expect(await suspend(id)).toEqual({ customer_id: id, sessions_ended: 2 });
    for (const { access, refresh: token } of [first, second]) {
      const response = await read(access);
      expect([response.status, codeOf(response)]).toEqual([401, 'token_not_valid']);
      const refreshed = await world.call(refresh, { body: { refresh: token } });
      expect([refreshed.status, codeOf(refreshed)]).toEqual([401, 'token_not_valid']);
    }
    const devices = (await world.partition(profileKey(id).pk)).filter(({ sk }) => String(sk).startsWith('DEVICE#'));
    expect(devices.map(({ active }) => active)).toEqual([false, false]);
  });

  test.each(['en', 'ar'] as const)('rejects the right OTP with the text of the operator in %s', async (language) => {
    const { phone, customer } = await signIn(world, { language });
    await suspend(customer.id, { message });
    world.advance(60);
    const response = await authenticateWith(world, phone, await requestOtp(world, phone), { language });
    expect([response.status, response.body]).toEqual([403, suspended(message[language])]);
  });

  test('rejects the right OTP with a standard text if the operator gave none', async () => {
    const { phone, customer } = await signIn(world);
    await suspend(customer.id);
    world.advance(60);
    const otp = await requestOtp(world, phone);
    expect((await authenticateWith(world, phone, otp)).body).toEqual(suspended(standard.en));
    expect((await authenticateWith(world, phone, otp, { language: 'ar' })).body).toEqual(suspended(standard.ar));
  });

  test('tells a caller with a wrong OTP nothing', async () => {
    const { phone, customer } = await signIn(world);
    await suspend(customer.id);
    world.advance(60);
    const otp = await requestOtp(world, phone);
    const wrong = otp === '000000' ? '000001' : '000000';
    const response = await authenticateWith(world, phone, wrong);
    expect([response.status, codeOf(response)]).toEqual([400, 'otp_invalid']);
  });

  test('counts a right OTP as no guess and does not use it up, so it signs in after restoreCustomer', async () => {
    const { phone, customer } = await signIn(world);
    await suspend(customer.id);
    world.advance(60);
    const otp = await requestOtp(world, phone);
    for (let attempt = 0; attempt < 20; attempt++) {
      expect(codeOf(await authenticateWith(world, phone, otp))).toBe('account_suspended');
    }
    expect(await restore(customer.id)).toEqual({ customer_id: customer.id, was_suspended: true });
    const response = await authenticateWith(world, phone, otp);
    expect([response.status, response.body.customer?.id]).toEqual([200, customer.id]);
  });

  test('rejects the right password in the envelope, counts it as no failure, and a wrong one as before', async () => {
    const account = await signUpVerified();
    await suspend(account.id, { message });
    const clientIp = nextAddress();
    for (let attempt = 0; attempt < 15; attempt++) {
      const response = await logIn(world, account, { clientIp });
      expect([response.status, response.body]).toEqual([
        403,
        {
          code: 403,
          message: message.en,
          message_ar: message.ar,
          errors: { errorMessage: message.en, errorDetails: [] },
        },
      ]);
    }
    const wrong = await logIn(world, { ...account, password: 'wrong' });
    expect([wrong.status, wrong.body.message]).toEqual([403, 'Incorrect e-mail, phone number or password.']);
    await restore(account.id);
    expect((await logIn(world, account, { clientIp })).status).toBe(200);
  });

  test('rejects a password reset with the right OTP, and keeps the password', async () => {
    const account = await signUpVerified();
    await suspend(account.id, { message });
    const otp = await requestReset(account.phone);
    const response = await resetWith(account.phone, otp);
    expect([response.status, response.body.message]).toEqual([403, message.en]);
    const wrong = await resetWith(account.phone, otp === '000000' ? '000001' : '000000');
    expect(wrong.body.message).toBe('The code is wrong or has expired.');
    await restore(account.id);
    expect((await logIn(world, account)).status).toBe(200);
    expect((await resetWith(account.phone, otp)).status).toBe(200);
  });

  test('ends by itself at its time', async () => {
    const { phone, customer } = await signIn(world);
    await suspend(customer.id, { until: new Date(Date.now() + 3_600_000).toISOString() });
    world.advance(3_590);
    expect(codeOf(await authenticateWith(world, phone, await requestOtp(world, phone)))).toBe('account_suspended');
    world.advance(70);
    expect((await authenticateWith(world, phone, await requestOtp(world, phone))).status).toBe(200);
    expect(await restore(customer.id)).toEqual({ customer_id: customer.id, was_suspended: false });
  });

  test('replaces an earlier suspension with its text and end', async () => {
    const { phone, customer } = await signIn(world);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await suspend(customer.id, { message, until });
    expect(await suspend(customer.id)).toEqual({ customer_id: customer.id, sessions_ended: 0 });
    world.advance(7_200);
    const response = await authenticateWith(world, phone, await requestOtp(world, phone));
    expect(response.body).toEqual(suspended(standard.en));
  });

  test.each(['suspendCustomer', 'restoreCustomer', 'endSessions'])(
    '%s does not find a deleted or unknown customer, and logs nothing',
    async (name) => {
      const { customer, access } = await signIn(world);
      await world.call(deleteCustomer, { method: 'DELETE', token: access });
      const before = await world.partition('OPERATOR_LOG');
      for (const customer_id of [customer.id, 7]) {
        expect(await operate(name, { customer_id })).toMatchObject({ errors: [{ code: 'customer_not_found' }] });
      }
      expect(await world.partition('OPERATOR_LOG')).toEqual(before);
    },
  );

  test.each([
    ['no reason', { reason: undefined }, 'reason', 'required'],
    ['a blank reason', { reason: ' ' }, 'reason', 'blank'],
    ['a long reason', { reason: 'x'.repeat(501) }, 'reason', 'max_length'],
    ['no operator', { operator: undefined }, 'operator', 'required'],
    ['a blank operator', { operator: '\u200b' }, 'operator', 'blank'],
    ['a text in one language', { message: { en: 'Text' } }, 'message.ar', 'required'],
    ['an end in the past', { until: '2020-01-01T00:00:00Z' }, 'until', 'invalid'],
    ['an end without a time zone', { until: '2099-01-01T00:00:00' }, 'until', 'invalid'],
    ['no customer', { customer_id: undefined }, 'customer_id', 'required'],
  ])('rejects %s, and changes nothing', async (_, event, attr, code) => {
    const { customer, access } = await signIn(world);
    const before = [await readProfile(customer.id), await world.partition('OPERATOR_LOG')];
    const response = { type: 'validation_error', errors: [{ attr, code }] };
    expect(await suspend(customer.id, event)).toMatchObject(response);
    expect([await readProfile(customer.id), await world.partition('OPERATOR_LOG')]).toEqual(before);
    expect((await read(access)).status).toBe(200);
  });

  test('stores neither operator nor reason with the customer', async () => {
    const { customer } = await signIn(world);
    await suspend(customer.id);
    const stored = JSON.stringify(await world.partition(profileKey(customer.id).pk));
    for (const text of Object.values(operator)) expect(stored).not.toContain(text);
  });
});

describe('a sign-in beside a suspension', () => {
  const isNewSession = ['"SESSION#', 'usedTokens'];

  test('with an OTP fails, even if it has read the customer before', async () => {
    const { phone, customer } = await signIn(world);
    world.advance(60);
    const otp = await requestOtp(world, phone);
    const suspension = runBeforeTransaction(world, isNewSession, () => suspend(customer.id));
    const response = await authenticateWith(world, phone, otp);
    await suspension;
    expect([response.status, codeOf(response)]).toEqual([403, 'account_suspended']);
  });

  test('with a password fails, even if it has read the customer before', async () => {
    const account = await signUpVerified();
    const suspension = runBeforeTransaction(world, isNewSession, () => suspend(account.id));
    const response = await logIn(world, account);
    await suspension;
    expect([response.status, response.body.message]).toEqual([403, standard.en]);
  });

  test('by a password reset fails, even if it has read the customer before', async () => {
    const account = await signUpVerified();
    const otp = await requestReset(account.phone);
    const suspension = runBeforeTransaction(world, ['PASSWORD', 'endedSignIns'], () => suspend(account.id));
    const response = await resetWith(account.phone, otp);
    await suspension;
    expect([response.status, response.body.message]).toEqual([403, standard.en]);
    await restore(account.id);
    expect((await logIn(world, account)).status).toBe(200);
  });

  test('ends with the suspension if it comes between its read and its write', async () => {
    const { phone, customer } = await signIn(world);
    world.advance(60);
    const otp = await requestOtp(world, phone);
    const signingIn = runBeforeTransaction(world, ['suspendedAtSeconds = '], () => authenticateWith(world, phone, otp));
    expect(await suspend(customer.id)).toEqual({ customer_id: customer.id, sessions_ended: 2 });
    expect((await read((await signingIn).body.access)).status).toBe(401);
  });

  test('never leaves a session, in any order of eight sign-ins', async () => {
    const account = await signUpVerified();
    const [responses] = await Promise.all([
      Promise.all(Array.from({ length: 8 }, () => logIn(world, account))),
      suspend(account.id),
    ]);
    const tokens = responses.flatMap(({ body }) => body.data?.token ?? []);
    for (const token of tokens) expect((await read(token)).status).toBe(401);
  });
});
