import { beforeEach } from '@jest/globals';
import { handler as sendOtp } from '../../functions/auth/sendOtp.ts';
import { handler as availability } from '../../functions/password/availability.ts';
import { handler as forget } from '../../functions/password/forget.ts';
import { handler as reset } from '../../functions/password/reset.ts';
import { depth } from '../testing/stage/engineProxy.ts';
import { signIn } from '../testing/stage/signIn.ts';
import { cheapPasswords, newAccount, nextAddress, signUp, verify } from '../testing/stage/signUp.ts';
import { useWorld } from '../testing/stage/world.ts';
import * as countries from './countryRepository.ts';

const world = useWorld({ seed: ['countries', 'settings', 'passwords'] });

const setRanges = async (extraPhoneRanges: countries.PhoneRange[], changes: Partial<countries.Country> = {}) => {
  const [saudi] = (await countries.readStored()).filter(({ code }) => code === 'SA');
  if (!saudi) throw new Error('Saudi Arabia is not in the table.');
  await countries.save({ ...saudi, active: true, ...changes, extraPhoneRanges });
  world.advance(86_400);
};

const send = (phone_number: string) =>
  world.call(sendOtp, { body: { phone_number, otp_type: 'customer_auth' }, clientIp: nextAddress() });

beforeEach(async () => {
  cheapPasswords(world);
  await setRanges([{ prefix: '52', digits: 9 }]);
});

test('a number of an extra range receives an SMS under one phone number, however the customer writes it', async () => {
  for (const number of [
    '+966521234567',
    '00966 52-123-4567',
    '+966 052 123 4567',
    '٠٠٩٦٦٥٢١٢٣٤٥٦٧',
    '+966 (0) 521234567',
  ]) {
    const { status, body } = await send(number);
    expect([status, body.phone_number]).toEqual([200, '+966521234567']);
    expect(world.otpFor('+966521234567')).toMatch(/^\d{6}$/);
    world.advance(3_600);
  }
});

test('a number of an extra range without metadata is accepted with and without its trunk prefix', async () => {
  await setRanges([{ prefix: '66', digits: 7 }]);
  for (const number of ['+966 66 12345', '+966 066 12345']) {
    const { status, body } = await send(number);
    expect([status, body.phone_number]).toEqual([200, '+9666612345']);
    world.advance(3_600);
  }
});

test.each([
  ['too short', '+96652123456'],
  ['too long', '+9665212345678'],
  ['of another range', '+966611234567'],
  ['of the same range in another country', '+965521234567'],
  ['with an extension', '+966521234567;ext=5'],
  ['a premium-rate number', '+966925123456'],
])('a number that is %s is invalid', async (_, phone) => {
  const { status, body } = await send(phone);
  expect([status, body.errors]).toMatchObject([400, [{ code: 'invalid', attr: 'phone_number' }]]);
});

test('a number of an extra range is rejected if its country is closed or its range was removed', async () => {
  await setRanges([{ prefix: '52', digits: 9 }], { active: false });
  expect((await send('+966521234567')).body.errors).toMatchObject([{ code: 'country_not_served' }]);
  await setRanges([]);
  expect((await send('+966521234567')).body.errors).toMatchObject([{ code: 'invalid' }]);
});

test('a customer with a number of an extra range can sign in, sign up, verify the phone and reset the password', async () => {
  const { customer } = await signIn(world, { phone: '+966521110001' });
  expect(customer).toMatchObject({ country: { code: 'SA' }, phone_number: '+966521110001' });

  const account = await signUp(world, newAccount(world, { phone: '+966 52 111 0002' }));
  expect((await verify(world, { ...account, phone: '+966521110002' })).status).toBe(200);
  const clientIp = nextAddress();
  const isAvailable = await world.call(availability, {
    method: 'GET',
    query: { phone: '+966521110002' },
    clientIp,
  });
  expect(isAvailable.body.errors.errorDetails).toHaveProperty('phone');

  world.advance(3_600);
  const phone = '00966521110002';
  expect((await world.call(forget, { body: { phone }, clientIp })).status).toBe(200);
  const body = { phone, token: world.otpFor('+966521110002'), password: 'green tea 17 cups' };
  expect((await world.call(reset, { body, clientIp })).status).toBe(200);
});

test('the rate limits of a prefix and of a country include the numbers of an extra range', async () => {
  const statuses = async (start: string) => {
    const found: number[] = [];
    for (let turn = 0; turn < 5; turn++) found.push((await send(`${start}${1_000 + turn}`)).status);
    return found;
  };
  world.advance(3 * 86_400);
  world.set({ OTP_SENDS_PER_PREFIX_PER_DAY: '4' });
  expect(await statuses('+96652222')).toEqual([200, 200, 200, 200, 429]);
  world.set({ OTP_SENDS_PER_PREFIX_PER_DAY: '1000', OTP_SENDS_PER_COUNTRY_PER_DAY: '8' });
  expect(await statuses('+96652333')).toEqual([200, 200, 200, 429, 429]);
});

test('sendOtp makes two sequential calls for a number of an extra range', async () => {
  await send('+966524440001');
  world.engine.record();
  expect((await send('+966524440002')).status).toBe(200);
  expect(depth(world.engine.calls)).toBeLessThanOrEqual(2);
  world.engine.record();
  expect((await send('+966614440002')).status).toBe(400);
  expect(world.engine.calls).toEqual([]);
});
