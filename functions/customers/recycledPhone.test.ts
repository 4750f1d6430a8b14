import { verifyAddress } from '../../lib/testing/stage/emails.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, logIn, nextAddress, signUp } from '../../lib/testing/stage/signUp.ts';
import { adjustWallet, codeOf } from '../../lib/testing/stage/wallet.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as refresh } from '../auth/refresh.ts';
import { handler as forgetPassword } from '../password/forget.ts';
import { handler as resetPassword } from '../password/reset.ts';
import { handler as setPassword } from '../password/set.ts';
import { handler as authenticate } from './authenticate.ts';
import { handler as deleteCustomer } from './delete.ts';
import { handler as getCustomer } from './get.ts';

const world = useWorld();
beforeEach(() => cheapPasswords(world));

const year = 365 * 86_400;
const password = 'violet bicycle 77';
let counter = 0;

const read = (token: string) => world.call(getCustomer, { method: 'GET', token });

/** A customer with a verified phone and a password. */
async function ownerWithPassword() {
  const owner = await signIn(world);
  const email = `recycled${++counter}@example.com`;
  const body = { email, password };
  expect((await world.call(setPassword, { token: owner.access, body })).status).toBe(200);
  return { ...owner, email };
}

async function ownerWithEmail() {
  const owner = await signIn(world);
  const email = `verified${++counter}@example.com`;
  await verifyAddress(world, owner.access, email);
  return { ...owner, email };
}

/** Signs in on a device that no account knows. */
async function signInWith(phone: string, fields: object = {}, otp?: string) {
  const body = {
    phone_number: phone,
    otp: otp ?? (await requestOtp(world, phone)),
    device: { registration_id: `stranger:${phone}` },
    language: 'en',
    ...fields,
  };
  return world.call(authenticate, { body, clientIp: nextAddress() });
}

const errorsOf = ({ body }: { body: { errors: object[] } }) => body.errors;

describe('a phone that was not used for a year', () => {
  test('needs the password on an unknown device, with the same OTP', async () => {
    const owner = await ownerWithPassword();
    world.advance(year);
    const otp = await requestOtp(world, owner.phone);
    const rejected = await signInWith(owner.phone, {}, otp);
    expect([rejected.status, errorsOf(rejected)]).toEqual([
      403,
      [{ code: 'second_proof_required', detail: expect.any(String), attr: null, kinds: ['password'] }],
    ]);
    const wrong = await signInWith(owner.phone, { password: 'not the password' }, otp);
    expect([wrong.status, errorsOf(wrong)]).toMatchObject([403, [{ code: 'wrong_credentials' }]]);
    const { status, body } = await signInWith(owner.phone, { password }, otp);
    expect([status, body.customer.id]).toEqual([200, owner.customer.id]);
    world.advance(60);
    expect((await signInWith(owner.phone)).status).toBe(200);
  });

  test('needs the code that is sent to the verified e-mail address', async () => {
    const owner = await ownerWithEmail();
    world.advance(year);
    const otp = await requestOtp(world, owner.phone);
    const rejected = await signInWith(owner.phone, {}, otp);
    expect(errorsOf(rejected)).toMatchObject([{ code: 'second_proof_required', kinds: ['email'] }]);
    const code = world.otpFor(owner.email);
    const wrong = await signInWith(owner.phone, { email_otp: code === '000000' ? '111111' : '000000' }, otp);
    expect([wrong.status, errorsOf(wrong)]).toMatchObject([400, [{ attr: 'email_otp' }]]);
    const { status, body } = await signInWith(owner.phone, { email_otp: code }, otp);
    expect([status, body.customer.id]).toEqual([200, owner.customer.id]);
  });

  test('needs no more once an operator has confirmed the owner', async () => {
    const owner = await ownerWithPassword();
    world.advance(year);
    expect((await signInWith(owner.phone)).status).toBe(403);
    const confirmed = { customer_id: owner.customer.id, phone_number: owner.phone, operator: 'sara', reason: 'case 9' };
    expect(await invoke('assignPhone', confirmed)).toMatchObject({ customer_id: owner.customer.id });
    world.advance(60);
    expect((await signInWith(owner.phone)).body.customer.id).toBe(owner.customer.id);
  });

  test('accepts the code of the e-mail in Arabic digits with invisible characters', async () => {
    const owner = await ownerWithEmail();
    world.advance(year);
    const otp = await requestOtp(world, owner.phone);
    await signInWith(owner.phone, {}, otp);
    const code = world.otpFor(owner.email).replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit)));
    const typed = ` \u200b${code.slice(0, 3)} ${code.slice(3)}`;
    expect((await signInWith(owner.phone, { email_otp: typed }, otp)).status).toBe(200);
  });

  test('rejects a password with characters that no password has, and names the field', async () => {
    const owner = await ownerWithPassword();
    world.advance(year);
    const rejected = await signInWith(owner.phone, { password: '\u0000' });
    expect([rejected.status, errorsOf(rejected)]).toMatchObject([400, [{ attr: 'password' }]]);
  });

  test('needs no more on a device that the account knows', async () => {
    const owner = await ownerWithPassword();
    world.set({ DEVICE_TOKEN_SECONDS: String(2 * year) });
    world.advance(61);
    const { deviceToken } = await signIn(world, { phone: owner.phone });
    world.advance(year);
    const { customer } = await signIn(world, { phone: owner.phone, deviceToken });
    expect(customer.id).toBe(owner.customer.id);
  });

  test('needs no more if the account has no second proof, or if the setting is 0', async () => {
    const plain = await signIn(world);
    world.advance(year);
    expect((await signInWith(plain.phone)).body.customer.id).toBe(plain.customer.id);
    const owner = await ownerWithPassword();
    world.advance(year);
    world.set({ SECOND_PROOF_AFTER_DAYS: '0' });
    expect((await signInWith(owner.phone)).body.customer.id).toBe(owner.customer.id);
  });

  test('needs no more if a session was in use', async () => {
    world.set({ SESSION_MAX_SECONDS: String(2 * year) });
    const owner = await ownerWithPassword();
    let token = owner.refresh;
    for (let day = 0; day < 360; day += 20) {
      world.advance(20 * 86_400);
      token = (await world.call(refresh, { body: { refresh: token } })).body.refresh;
    }
    world.advance(20 * 86_400);
    expect((await signInWith(owner.phone)).status).toBe(200);
  });

  test('does not reset the password of the account', async () => {
    const owner = await ownerWithPassword();
    world.advance(year);
    const clientIp = nextAddress();
    expect((await world.call(forgetPassword, { body: { phone: owner.phone }, clientIp })).status).toBe(200);
    const [sms] = world.sandbox.messages.list(owner.phone);
    const token = /\d{6}/.exec(sms?.text ?? '')?.[0] ?? '123456';
    const body = { phone: owner.phone, token, password: 'blue tea 42 cups' };
    expect((await world.call(resetPassword, { body, clientIp })).status).toBe(403);
    expect((await logIn(world, { email: owner.email, password })).status).toBe(200);
  });
});

describe('a new account with a recycled phone', () => {
  test('is empty, and the old one has no phone, no session and no money to take', async () => {
    const owner = await ownerWithPassword();
    await adjustWallet(owner.customer.id);
    world.advance(year);
    const { status, body } = await signInWith(owner.phone, { new_account: true });
    expect([status, body.customer]).toMatchObject([
      201,
      { phone_number: owner.phone, email: '', full_name: '', wallet: { balance: '0.00' } },
    ]);
    expect(body.customer.id).not.toBe(owner.customer.id);
    expect((await read(owner.access)).status).toBe(401);
    const debit = { transaction_type: 'ORDER_PAYMENT', amount: '1.00' };
    expect(codeOf(await adjustWallet(owner.customer.id, debit))).toBe('wallet_frozen');
    world.advance(60);
    expect((await signInWith(owner.phone)).body.customer.id).toBe(body.customer.id);
  });

  test('gives the old one back to its owner by e-mail address and password', async () => {
    const owner = await ownerWithPassword();
    await adjustWallet(owner.customer.id);
    world.advance(year);
    await signInWith(owner.phone, { new_account: true });
    const loggedIn = await logIn(world, { email: owner.email, password });
    expect([loggedIn.status, loggedIn.body.data.id]).toEqual([200, owner.customer.id]);
    expect((await read(loggedIn.body.data.token)).body).toMatchObject({
      id: owner.customer.id,
      phone_number: '',
      wallet: { balance: '100.00' },
    });
    const debit = { transaction_type: 'ORDER_PAYMENT', amount: '1.00' };
    expect(codeOf(await adjustWallet(owner.customer.id, debit))).toBeUndefined();
  });

  test('gives the old one back when an operator assigns it a phone', async () => {
    const owner = await ownerWithPassword();
    world.advance(year);
    await signInWith(owner.phone, { new_account: true });
    const { id } = owner.customer;
    const assign = (phone_number: string, fields: object = {}) =>
      invoke('assignPhone', { customer_id: id, phone_number, operator: 'sara', reason: 'case 9', ...fields });
    expect(codeOf(await assign(owner.phone))).toBe('unique');
    expect(codeOf(await assign('+96599123456'))).toBe('invalid');
    expect((await invoke('findCustomer', { customer_id: id })).parked_at).toMatch(/Z$/);
    const phone = world.phone();
    expect(codeOf(await assign(phone, { reason: '' }))).toBe('blank');
    expect(await assign(phone)).toEqual({ customer_id: id, phone_number: phone });
    expect(codeOf(await assign(world.phone()))).toBe('conflicting');
    expect((await invoke('findCustomer', { customer_id: id })).parked_at).toBeNull();
    const { status, body } = await signInWith(phone);
    expect([status, body.customer.id]).toEqual([200, id]);
  });

  test('frees its phone when it is deleted, and leaves the old one alone', async () => {
    const owner = await ownerWithPassword();
    world.advance(year);
    const { body } = await signInWith(owner.phone, { new_account: true });
    expect((await world.call(deleteCustomer, { method: 'DELETE', token: body.access })).status).toBe(204);
    world.advance(60);
    expect((await signInWith(owner.phone)).status).toBe(201);
    expect((await logIn(world, { email: owner.email, password })).body.data.id).toBe(owner.customer.id);
  });

  test('is made once by ten parallel requests', async () => {
    const owner = await ownerWithPassword();
    world.advance(year);
    const otp = await requestOtp(world, owner.phone);
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => signInWith(owner.phone, { new_account: true }, otp)),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    const holders = (await world.items()).filter(({ phoneNumber }) => phoneNumber === owner.phone);
    expect(holders).toHaveLength(1);
  });

  test('cannot be made for an account in use', async () => {
    const owner = await ownerWithPassword();
    world.advance(year - 1);
    const { status, body } = await signInWith(owner.phone, { new_account: true });
    expect([status, body.customer.id]).toEqual([200, owner.customer.id]);
  });
});

test('ten wrong passwords as a second proof lead to waits, as at a login', async () => {
  const owner = await ownerWithPassword();
  world.advance(year);
  const otp = await requestOtp(world, owner.phone);
  const clientIp = nextAddress();
  const guess = () =>
    world.call(authenticate, {
      body: { phone_number: owner.phone, otp, device: {}, language: 'en', password: 'wrong wrong' },
      clientIp,
    });
  const statuses = [];
  for (let turn = 0; turn < 12; turn++) statuses.push((await guess()).status);
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(403));
  expect(statuses.slice(-1)).toEqual([429]);
});

test('an account of surface B that was not used for a year still logs in with its password', async () => {
  const account = await signUp(world);
  world.advance(year);
  expect((await logIn(world, account)).status).toBe(200);
  expect((await authenticateWith(world, account.phone, await requestOtp(world, account.phone))).status).toBe(201);
});
