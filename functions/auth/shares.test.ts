import { callWithForm, file } from '../../lib/testing/fixtures/forms.ts';
import { png } from '../../lib/testing/fixtures/images.ts';
import { authenticateWith, signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, nextAddress } from '../../lib/testing/stage/signUp.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as updateCustomer } from '../customers/update.ts';
import { handler as forget } from '../password/forget.ts';
import { handler as reset } from '../password/reset.ts';
import { handler as setPassword } from '../password/set.ts';
import { handler as reauthenticate } from './reauthenticate.ts';
import { handler as sendOtp } from './sendOtp.ts';

const world = useWorld({ seed: ['countries', 'settings'] });
beforeEach(() => cheapPasswords(world));

const newPassword = 'orange cat on a roof';
/** Longer than any cool-down. */
const turnSeconds = 301;

const send = (phone: string, clientIp: string, otp_type = 'customer_auth', device_token?: string) =>
  world.call(sendOtp, { body: { phone_number: phone, otp_type, device_token }, clientIp });

async function signInWithEmail() {
  const session = await signIn(world);
  const email = `shares${session.customer.id}@example.com`;
  const body = { email, password: 'violet bicycle 77' };
  expect((await world.call(setPassword, { token: session.access, body })).status).toBe(200);
  return { ...session, email };
}

test('wrong codes for a new password do not show which phone an e-mail address belongs to', async () => {
  const { email, phone } = await signInWithEmail();
  const attemptsLeftAfterResets = async (identifier: string) => {
    const clientIp = nextAddress();
    for (let turn = 0; turn < 5; turn++) {
      await world.call(reset, { body: { email: identifier, token: '000000', password: newPassword }, clientIp });
    }
    let left = 0;
    while ((await authenticateWith(world, phone, '000000', { clientIp })).status === 400) left += 1;
    return left;
  };
  expect(await attemptsLeftAfterResets(email)).toBe(await attemptsLeftAfterResets('unknown@example.com'));
});

test("strangers at the owner's address do not keep the owner's device from codes and a new password", async () => {
  const { phone, email, deviceToken } = await signInWithEmail();
  const clientIp = nextAddress();
  await Promise.all(Array.from({ length: 25 }, () => send(world.phone(), clientIp)));
  for (let turn = 0; turn < 20; turn++) {
    await world.call(reset, { body: { email, token: '000000', password: newPassword }, clientIp });
    world.advance(100);
  }
  await Promise.all(Array.from({ length: 25 }, () => send(world.phone(), clientIp)));
  expect((await send(phone, clientIp)).status).toBe(429);

  expect((await send(phone, clientIp, 'customer_auth', deviceToken)).status).toBe(200);
  world.advance(turnSeconds);
  const sent = world.sandbox.messages.list(phone).length;
  await world.call(forget, { body: { email, device_token: deviceToken }, clientIp });
  expect(world.sandbox.messages.list(phone)).toHaveLength(sent + 1);
  const body = { email, token: world.otpFor(phone), password: newPassword, device_token: deviceToken };
  expect((await world.call(reset, { body, clientIp })).status).toBe(200);
});

describe('a session with a code of its own device and one of a stranger', () => {
  const withBothCodes = async () => {
    const { access, phone, deviceToken } = await signIn(world);
    world.set({ ACCESS_TOKEN_SECONDS: '864000' });
    await send(phone, nextAddress(), 'reauthentication');
    const code = world.otpFor(phone);
    await send(phone, nextAddress(), 'reauthentication', deviceToken);
    const attempt = async (otp: string) =>
      (await world.call(reauthenticate, { token: access, body: { otp }, clientIp: nextAddress() })).status;
    return { codeOfStranger: code, attempt };
  };

  test('has five attempts', async () => {
    const { attempt } = await withBothCodes();
    const statuses: number[] = [];
    for (let turn = 0; turn < 6; turn++) statuses.push(await attempt('000000'));
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
  });

  test('may enter either as the last attempt', async () => {
    const { attempt, codeOfStranger } = await withBothCodes();
    for (let turn = 0; turn < 4; turn++) expect(await attempt('000000')).toBe(400);
    expect(await attempt(codeOfStranger)).toBe(204);
  });

  test('gets its attempts back after a right code', async () => {
    const { attempt, codeOfStranger } = await withBothCodes();
    for (let turn = 0; turn < 4; turn++) await attempt('000000');
    expect(await attempt(codeOfStranger)).toBe(204);
    expect(await attempt('000000')).toBe(400);
    expect(await attempt('000000')).toBe(429);
  });
});

test('strangers have five SMS an hour sent to a phone, of all types together', async () => {
  const phone = world.phone();
  const types = ['customer_auth', 'password_reset', 'provider_auth', 'reauthentication'];
  for (let turn = 0; turn < 11; turn++) {
    for (const type of types) await send(phone, nextAddress(), type);
    world.advance(turnSeconds);
  }
  expect(world.sandbox.messages.list(phone)).toHaveLength(5);
});

test('strangers who use up a cap do not silence the notice of a new password', async () => {
  world.set({ OTP_SENDS_PER_PREFIX_PER_DAY: '10' });
  world.advance(10 * 86_400);
  const { access, phone } = await signIn(world);
  for (let turn = 0; turn < 12; turn++) await send(world.phone(), nextAddress());
  const before = world.sandbox.messages.list(phone).length;
  const body = { email: 'notice@example.com', password: newPassword };
  expect((await world.call(setPassword, { token: access, body })).status).toBe(200);
  expect(world.sandbox.messages.list(phone)).toHaveLength(before + 1);
});

test('an image is deleted again when a limit rejects the change that uploaded it', async () => {
  world.set({ EMAIL_CHANGES_PER_DAY: '1' });
  const { access, customer } = await signIn(world);
  const statuses: number[] = [];
  for (const email of ['first@example.com', 'second@example.com', 'third@example.com']) {
    const form = { email, image: file(png) };
    statuses.push((await callWithForm(world, updateCustomer, { method: 'PATCH', token: access }, form)).status);
  }
  expect(statuses).toEqual([200, 429, 429]);
  const listed = await fetch(`${world.sandbox.url}/s3/images?list-type=2&prefix=images/${customer.id}/`);
  expect((await listed.text()).match(/<Key>/g)).toHaveLength(1);
});
