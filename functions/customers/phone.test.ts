import { setTimeout } from 'node:timers/promises';
import { countNetworkLimits, findMatchingOtp } from '../../lib/otp/verifyOtp.ts';
import { changePassword } from '../../lib/passwords/changePassword.ts';
import { verifyAddress } from '../../lib/testing/stage/emails.ts';
import { authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, nextAddress, signUp } from '../../lib/testing/stage/signUp.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as reauthenticate } from '../auth/reauthenticate.ts';
import { handler as sendOtp } from '../auth/sendOtp.ts';
import { handler as setPassword } from '../password/set.ts';
import { handler as changePhone } from './changePhone.ts';
import { handler as getCustomer } from './get.ts';

const world = useWorld();
beforeEach(() => cheapPasswords(world));

async function requestChangeOtp(phone_number: string, otp_type = 'phone_change'): Promise<string> {
  const response = await world.call(sendOtp, { body: { phone_number, otp_type }, clientIp: nextAddress() });
  expect(response.status).toBe(200);
  return world.otpFor(phone_number);
}

const change = (token: string, phone_number: string, otp: string) =>
  world.call(changePhone, { token, body: { phone_number, otp } });
const read = (token: string) => world.call(getCustomer, { method: 'GET', token });
const claimsOf = async (customerId: number) =>
  (await world.items())
    .filter(({ pk, sk, customerId: id }) => String(pk).startsWith('PHONE#') && sk === 'CLAIM' && id === customerId)
    .map(({ pk }) => String(pk).slice('PHONE#'.length));

describe('changePhone', () => {
  test('moves the account to the new phone, and frees the old one', async () => {
    const [owner, phone] = [await signIn(world), world.phone()];
    const { status, body } = await change(owner.access, phone, await requestChangeOtp(phone));
    expect([status, body]).toMatchObject([200, { id: owner.customer.id, phone_number: phone }]);
    expect(await claimsOf(owner.customer.id)).toEqual([phone]);
    world.advance(60);
    expect((await signIn(world, { phone })).customer.id).toBe(owner.customer.id);
    expect((await authenticateWith(world, owner.phone, await requestOtp(world, owner.phone))).status).toBe(201);
  });

  test('keeps the session, ends all others, and tells the old phone', async () => {
    const owner = await signIn(world);
    world.advance(60);
    const other = await signIn(world, { phone: owner.phone, registrationId: 'other-device' });
    const phone = world.phone();
    const otp = await requestChangeOtp(phone);
    const before = world.sandbox.messages.list(owner.phone).length;
    expect((await change(owner.access, phone, otp)).status).toBe(200);
    expect([(await read(owner.access)).status, (await read(other.access)).status]).toEqual([200, 401]);
    const notices = world.sandbox.messages.list(owner.phone).slice(0, -before || undefined);
    expect(notices.map(({ text }) => text)).toEqual([
      expect.stringContaining('phone number of your account was changed'),
    ]);
  });

  test('tells the verified e-mail address', async () => {
    const [owner, phone] = [await signIn(world), world.phone()];
    await verifyAddress(world, owner.access, 'told@example.com');
    expect((await change(owner.access, phone, await requestChangeOtp(phone))).status).toBe(200);
    expect(world.sandbox.messages.list('told@example.com')[0]?.text).toContain(
      'phone number of your account was changed',
    );
  });

  test('gives a customer with an unverified phone another one', async () => {
    const { token, phone: unverified } = await signUp(world);
    const phone = world.phone();
    expect((await change(token, phone, await requestChangeOtp(phone))).body).toMatchObject({ phone_number: phone });
    expect((await authenticateWith(world, unverified, await requestOtp(world, unverified))).status).toBe(201);
  });

  test('needs a fresh proof', async () => {
    world.set({ ACCESS_TOKEN_SECONDS: '864000' });
    const [owner, phone] = [await signIn(world), world.phone()];
    const body = { email: `phone${owner.customer.id}@example.com`, password: 'violet bicycle 77' };
    expect((await world.call(setPassword, { token: owner.access, body })).status).toBe(200);
    world.advance(601);
    const rejected = await change(owner.access, phone, await requestChangeOtp(phone));
    expect([rejected.status, rejected.body.errors[0].code]).toEqual([403, 'recent_code_required']);
    expect(await claimsOf(owner.customer.id)).toEqual([owner.phone]);
    const proof = { token: owner.access, body: { password: body.password } };
    expect((await world.call(reauthenticate, proof)).status).toBe(204);
    expect((await change(owner.access, phone, world.otpFor(phone))).status).toBe(200);
  });

  describe('changes nothing', () => {
    const rejectionOf = async (phone: string, otp: string, { access, customer, phone: own } = owner) => {
      const { status, body } = await change(access, phone, otp);
      expect(await claimsOf(customer.id)).toEqual([own]);
      return [status, body.errors.map(({ attr, code }: { attr: string; code: string }) => [attr, code])];
    };
    let owner: Awaited<ReturnType<typeof signIn>>;
    beforeEach(async () => {
      owner = await signIn(world);
    });

    test("for the customer's own phone", async () => {
      const otp = await requestChangeOtp(owner.phone);
      expect(await rejectionOf(owner.phone, otp)).toEqual([400, [['phone_number', 'invalid']]]);
    });

    test('for a phone of another country', async () => {
      const otp = await requestChangeOtp('+96599123456');
      expect(await rejectionOf('+96599123456', otp)).toEqual([400, [['phone_number', 'invalid']]]);
    });

    test('for the phone of another customer, who is revealed only by a right OTP', async () => {
      const { phone } = await signIn(world);
      const otp = await requestChangeOtp(phone);
      const wrong = otp === '000000' ? '111111' : '000000';
      expect(await rejectionOf(phone, wrong)).toEqual([400, [['otp', expect.stringMatching(/^otp_/)]]]);
      expect(await rejectionOf(phone, otp)).toEqual([400, [['phone_number', 'unique']]]);
    });

    test.each(['customer_auth', 'password_reset', 'reauthentication'])('with an OTP of the type %s', async (type) => {
      const phone = world.phone();
      const otp = await requestChangeOtp(phone, type);
      expect(await rejectionOf(phone, otp)).toEqual([400, [['otp', 'otp_expired']]]);
    });

    test('with an expired OTP', async () => {
      const phone = world.phone();
      const otp = await requestChangeOtp(phone);
      world.advance(301);
      expect(await rejectionOf(phone, otp)).toEqual([400, [['otp', 'otp_expired']]]);
    });

    test('with the OTP of another phone', async () => {
      const [phone, other] = [world.phone(), world.phone()];
      await requestChangeOtp(phone);
      const otp = await requestChangeOtp(other);
      if (otp !== world.otpFor(phone)) {
        expect(await rejectionOf(phone, otp)).toEqual([400, [['otp', expect.stringMatching(/^otp_/)]]]);
      }
    });
  });

  test('consumes the OTP once, however many requests use it at a time', async () => {
    const [owner, phone] = [await signIn(world), world.phone()];
    const otp = await requestChangeOtp(phone);
    const responses = await Promise.all(Array.from({ length: 5 }, () => change(owner.access, phone, otp)));
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await claimsOf(owner.customer.id)).toEqual([phone]);
  });

  test('gives a phone to one of two customers who change to it at the same time', async () => {
    const [one, two, phone] = [await signIn(world), await signIn(world), world.phone()];
    const first = await requestChangeOtp(phone);
    const responses = await Promise.all([change(one.access, phone, first), change(two.access, phone, first)]);
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
    const owners = await Promise.all([one, two].map(({ customer }) => claimsOf(customer.id)));
    expect(owners.flat().filter((claimed) => claimed === phone)).toHaveLength(1);
    expect(owners.flat()).toHaveLength(2);
  });

  test('leaves one phone after two changes at the same time', async () => {
    const [owner, phones] = [await signIn(world), [world.phone(), world.phone()]];
    const otps = await Promise.all(phones.map((phone) => requestChangeOtp(phone)));
    await Promise.all(phones.map((phone, index) => change(owner.access, phone, otps[index] ?? '')));
    const { phone_number } = (await read(owner.access)).body;
    expect(phones).toContain(phone_number);
    expect(await claimsOf(owner.customer.id)).toEqual([phone_number]);
  });

  test('makes an OTP useless for a new password that the old phone got and that was verified before', async () => {
    const [owner, phone] = [await signIn(world), world.phone()];
    const email = `phone${owner.customer.id}@example.com`;
    const body = { email, password: 'violet bicycle 77' };
    expect((await world.call(setPassword, { token: owner.access, body })).status).toBe(200);
    world.advance(60);
    const oldOtp = await requestChangeOtp(owner.phone, 'password_reset');
    const caller = { network: nextAddress(), hasDeviceToken: false };
    const admission = await countNetworkLimits(owner.phone, 'password_reset', caller);
    const otp = await findMatchingOtp({ ...admission, caller: { ...caller, isSignedIn: true } }, oldOtp);
    expect(otp).toBeDefined();
    expect((await change(owner.access, phone, await requestChangeOtp(phone))).status).toBe(200);
    expect(await changePassword(owner.customer.id, { hash: 'x', network: caller.network, otp })).toBe(false);
    expect((await read(owner.access)).status).toBe(200);
  });

  test('beside a sign-in with the old phone leaves no second session of the account', async () => {
    for (let turn = 0; turn < 12; turn++) {
      const [owner, phone] = [await signIn(world), world.phone()];
      const otp = await requestChangeOtp(phone);
      world.advance(60);
      const oldOtp = await requestOtp(world, owner.phone);
      const [changed, signedIn] = await Promise.all([
        change(owner.access, phone, otp),
        setTimeout(2 * turn).then(() =>
          authenticateWith(world, owner.phone, oldOtp, { registrationId: `beside-${turn}` }),
        ),
      ]);
      expect(changed.status).toBe(200);
      const isOwnAccount = signedIn.body.customer?.id === owner.customer.id;
      if (isOwnAccount) expect((await read(signedIn.body.access)).status).toBe(401);
      expect(await claimsOf(owner.customer.id)).toEqual([phone]);
    }
  });
});
