import { utcDate } from '../../lib/clock.ts';
import { countrySendsKey, otpKey } from '../../lib/table/keys.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { operate, runBeforeTransaction } from '../../lib/testing/stage/operators.ts';
import { addressOf, authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, nextAddress, signUp } from '../../lib/testing/stage/signUp.ts';
import { adjustWallet } from '../../lib/testing/stage/wallet.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as sendOtp } from '../auth/sendOtp.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as getCustomer } from '../customers/get.ts';
import { handler as updateCustomer } from '../customers/update.ts';

const world = useWorld({ seed: ['countries', 'settings', 'passwords'] });
beforeEach(() => cheapPasswords(world));

const find = (event: object) => invoke('findCustomer', event);
const notFound = { type: 'client_error', errors: [{ code: 'customer_not_found', attr: null }] };
const read = async (token: string) => (await world.call(getCustomer, { method: 'GET', token })).status;

describe('findCustomer', () => {
  test('shows what support needs, and no token, OTP or hash', async () => {
    const registrationId = 'secret-push-token';
    const { customer, phone, access, refresh, deviceToken } = await signIn(world, { registrationId });
    const email = 'found@example.com';
    await world.call(updateCustomer, { method: 'PATCH', token: access, body: { email, full_name: 'Mona Hassan' } });
    await adjustWallet(customer.id, { amount: '12.50' });
    world.advance(3_600);
    const otp = await requestOtp(world, phone);
    const found = await find({ customer_id: customer.id });
    const time = expect.stringMatching(/Z$/);
    expect(found).toEqual({
      id: customer.id,
      phone_number: phone,
      phone_change: null,
      parked_at: null,
      is_phone_verified: true,
      email,
      full_name: 'Mona Hassan',
      language: 'en',
      country: 'EG',
      created_at: time,
      last_used_at: time,
      has_password: false,
      suspension: null,
      wallet: { balance: '12.50', balance_currency: 'EGP', is_use_wallet_in_payment: false },
      sessions: [
        { id: expect.any(Number), device_name: null, device_type: 'android', created_at: time, last_used_at: time },
      ],
      devices: [
        { id: expect.any(Number), name: null, device_id: null, active: true, date_created: time, type: 'android' },
      ],
      limits: { next_send_in: 60, next_attempt_in: 0 },
    });
    const shown = JSON.stringify(found);
    for (const secret of [registrationId, access, refresh, deviceToken, otp]) expect(shown).not.toContain(secret);
    expect(await find({ email: ' FOUND@Example.com ' })).toEqual(found);
    for (const spelling of [phone.replace('+', '00'), phone.replace(/(\d{5})$/, ' $1')]) {
      expect(await find({ phone_number: spelling })).toEqual(found);
    }
  });

  test('shows a suspension until it ends, and the sessions that it left', async () => {
    const { customer } = await signIn(world);
    const until = new Date(Math.floor(Date.now() / 1000 + 60) * 1000).toISOString();
    const message = { en: 'Text', ar: 'نص' };
    await operate('suspendCustomer', { customer_id: customer.id, message, until });
    expect(await find({ customer_id: customer.id })).toMatchObject({
      suspension: { suspended_at: expect.stringMatching(/Z$/), until, message },
      sessions: [],
      last_used_at: null,
      devices: [{ active: false }],
    });
    world.advance(60);
    expect(await find({ customer_id: customer.id })).toMatchObject({ suspension: null });
  });

  test('finds a customer by an unverified phone, unless another customer has verified it', async () => {
    const account = await signUp(world);
    expect(await find({ phone_number: account.phone })).toMatchObject({
      id: account.id,
      is_phone_verified: false,
      has_password: true,
    });
    const { customer } = await signIn(world, { phone: account.phone });
    expect(await find({ phone_number: account.phone })).toMatchObject({ id: customer.id, is_phone_verified: true });
  });

  test('does not find unknown and deleted customers', async () => {
    const { customer, phone, access } = await signIn(world);
    await world.call(deleteCustomer, { method: 'DELETE', token: access });
    for (const event of [{ customer_id: customer.id }, { phone_number: phone }, { email: 'ghost@example.com' }]) {
      expect(await find(event)).toMatchObject(notFound);
    }
  });

  test.each([
    [{}, 'non_field_errors', 'required'],
    [{ customer_id: 7, email: 'a@example.com' }, 'email', 'conflicting'],
    [{ phone_number: '+201001234567', email: 'a@example.com' }, 'email', 'conflicting'],
    [{ customer_id: 0 }, 'customer_id', 'min_value'],
    [{ phone_number: '12' }, 'phone_number', 'invalid'],
    [{ email: 'a' }, 'email', 'invalid'],
  ])('rejects %j', async (event, attr, code) => {
    expect(await find(event)).toMatchObject({ type: 'validation_error', errors: [{ attr, code }] });
  });
});

describe('endSessions', () => {
  test('ends all sessions and stops pushes to all devices, and the customer can sign in again', async () => {
    const { customer, phone, access } = await signIn(world);
    world.advance(60);
    const other = await signIn(world, { phone, registrationId: 'other' });
    const event = { customer_id: customer.id };
    expect(await operate('endSessions', event)).toEqual({ ...event, sessions_ended: 2 });
    expect([await read(access), await read(other.access)]).toEqual([401, 401]);
    expect(await find(event)).toMatchObject({ sessions: [], devices: [{ active: false }, { active: false }] });
    world.advance(300);
    expect(await read((await signIn(world, { phone })).access)).toBe(200);
  });

  test('ends a session that a sign-in creates while it reads', async () => {
    const { customer, phone } = await signIn(world);
    world.advance(60);
    const otp = await requestOtp(world, phone);
    const signingIn = runBeforeTransaction(world, ['OPERATOR_LOG'], () => authenticateWith(world, phone, otp));
    expect(await operate('endSessions', { customer_id: customer.id })).toMatchObject({ sessions_ended: 2 });
    expect(await read((await signingIn).body.access)).toBe(401);
  });

  test.each(['endSessions', 'suspendCustomer'])('%s ends a session whose item is still in the table', async (name) => {
    const { customer, access } = await signIn(world);
    const items = await world.partition(`CUSTOMER#${customer.id}`);
    const session = items.find(({ sk }) => String(sk).startsWith('SESSION#'));
    await operate(name, { customer_id: customer.id });
    await world.put(session ?? {});
    expect(await read(access)).toBe(401);
  });

  test('needs an operator and a reason', async () => {
    const { customer, access } = await signIn(world);
    const response = await invoke('endSessions', { customer_id: customer.id });
    expect(response.errors.map(({ attr, code }: { attr: string; code: string }) => [attr, code])).toEqual([
      ['operator', 'required'],
      ['reason', 'required'],
    ]);
    expect(await read(access)).toBe(200);
  });
});

describe('unlockPhone', () => {
  const send = async (phone: string, clientIp: string) =>
    (await world.call(sendOtp, { body: { phone_number: phone, otp_type: 'customer_auth' }, clientIp })).status;

  /** Uses up the sends and attempts of a phone from many networks, and from that of its owner. */
  async function lock(phone: string): Promise<void> {
    for (let round = 0; round < 6; round++) {
      await send(phone, round === 0 ? addressOf(phone) : nextAddress());
      for (let guess = 0; guess < 4; guess++) {
        await authenticateWith(world, phone, 'wrong!', { clientIp: guess < 3 ? addressOf(phone) : nextAddress() });
        await authenticateWith(world, phone, '000000', { clientIp: guess < 3 ? addressOf(phone) : nextAddress() });
      }
      world.advance(3_600);
    }
  }

  test('lets the owner of a locked phone request a code and sign in again', async () => {
    const { phone, customer } = await signIn(world);
    world.advance(300);
    await lock(phone);
    expect(await send(phone, addressOf(phone))).toBe(429);
    expect((await find({ phone_number: phone })).limits.next_send_in).toBeGreaterThan(3_600);
    expect(await operate('unlockPhone', { phone_number: phone.replace('+', '00') })).toEqual({
      phone_number: phone,
      customer_id: customer.id,
    });
    expect((await find({ phone_number: phone })).limits).toEqual({ next_send_in: 0, next_attempt_in: 0 });
    expect((await authenticateWith(world, phone, await requestOtp(world, phone))).status).toBe(200);
  });

  test('clears the counts of hundreds of networks, and leaves the caps of the country', async () => {
    const phone = world.phone();
    await requestOtp(world, phone);
    const { pk } = otpKey(phone);
    const networks = Array.from({ length: 250 }, (_, index) => ({ pk, sk: `NETWORK#${index}`, wrong1: 1 }));
    await Promise.all(networks.map((item) => world.put(item)));
    const caps = await world.partition(countrySendsKey('EG', utcDate(Date.now() / 1000)).pk);
    expect(await operate('unlockPhone', { phone_number: phone })).toEqual({ phone_number: phone, customer_id: null });
    expect(await world.partition(pk)).toEqual([]);
    expect(await world.partition(countrySendsKey('EG', '').pk)).toEqual(caps);
  });

  test.each([
    [{ reason: undefined }, 'reason', 'required'],
    [{ operator: '' }, 'operator', 'blank'],
    [{ phone_number: '+1' }, 'phone_number', 'invalid'],
  ])('rejects %j, and changes nothing', async (event, attr, code) => {
    const phone = world.phone();
    await requestOtp(world, phone);
    const before = await world.partition(otpKey(phone).pk);
    const response = await operate('unlockPhone', { phone_number: phone, ...event });
    expect(response).toMatchObject({ type: 'validation_error', errors: [{ attr, code }] });
    expect(await world.partition(otpKey(phone).pk)).toEqual(before);
  });
});
