import { setTimeout } from 'node:timers/promises';
import { checkClaims } from '../../deploy/restoreChecks.ts';
import * as customers from '../../lib/customers/customerRepository.ts';
import { identifyOtpCaller } from '../../lib/otp/deviceToken.ts';
import { revokeAllWrite } from '../../lib/sessions/sessionGeneration.ts';
import { formerSignUpsKey, phoneClaimKey } from '../../lib/table/keys.ts';
import { transact } from '../../lib/table/table.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { addressOf, authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import {
  type Account,
  cheapPasswords,
  logIn,
  newAccount,
  nextAddress,
  signUp,
  verify,
} from '../../lib/testing/stage/signUp.ts';
import { useWorkers } from '../../lib/testing/stage/stream.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as sendOtp } from '../auth/sendOtp.ts';
import { handler as changePhone } from '../customers/changePhone.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as exportCustomer } from '../customers/export.ts';
import { handler as getCustomer } from '../customers/get.ts';
import { handler as createDevice } from '../devices/create.ts';
import { handler as listNotifications } from '../notifications/list.ts';
import { handler as login } from './login.ts';
import { handler as setPassword } from './set.ts';
import { handler as signup } from './signup.ts';
import { handler as verifyPhone } from './verifyPhone.ts';

const world = useWorld({ seed: ['countries', 'settings', 'passwords'] });
beforeEach(() => cheapPasswords(world));
const workers = useWorkers(world);
afterEach(async () => {
  // No phone has two owners, and no claim is without its owner.
  expect(await checkClaims()).toEqual([]);
});

const getMe = async (token: string) => (await world.call(getCustomer, { method: 'GET', token })).body;
const readClaim = async (phone: string) => {
  const [claim] = await world.partition(phoneClaimKey(phone).pk);
  return claim && { customerId: claim.customerId, isVerified: claim.isVerified };
};
const phoneOf = async ({ id }: Account) => {
  const { phoneNumber, unprovenPhone } = (await customers.find(id)) ?? {};
  return { phoneNumber, unprovenPhone };
};
const signInByOtp = async (phone: string) => authenticateWith(world, phone, await requestOtp(world, phone));
const remove = (token: string) => world.call(deleteCustomer, { method: 'DELETE', token });
const lost = { phoneNumber: '', unprovenPhone: '' };

async function requestChangeOtp(phone_number: string): Promise<string> {
  await world.call(sendOtp, { body: { phone_number, otp_type: 'phone_change' }, clientIp: nextAddress() });
  return world.otpFor(phone_number);
}
async function changeTo(phone_number: string, token: string) {
  return world.call(changePhone, { token, body: { phone_number, otp: await requestChangeOtp(phone_number) } });
}

describe('an unverified phone', () => {
  test('belongs to one of five sign-ups at the same time, and is taken for the others', async () => {
    const phone = world.phone();
    const responses = await Promise.all(
      Array.from({ length: 5 }, () => world.call(signup, { body: newAccount(world, { phone }) })),
    );
    const [first, ...others] = responses.toSorted((a, b) => a.status - b.status);
    expect(await readClaim(phone)).toEqual({ customerId: first?.body.data.id, isVerified: false });
    expect(others.map(({ status, body: { errors } }) => [status, errors.errorDetails])).toEqual(
      Array(4).fill([423, { phone: ['This phone number is already in use. If it is yours, sign in with a code.'] }]),
    );
  });

  test('is shown to its account and in the export, and is free for the next sign-up after a deletion', async () => {
    const account = await signUp(world);
    expect((await getMe(account.token)).phone_number).toBe(account.phone);
    expect((await logIn(world, account)).body.data).toMatchObject({ phone: account.phone, phone_verified: false });
    const { body } = await world.call(exportCustomer, { method: 'GET', token: account.token });
    expect(body.profile).toMatchObject({ phone_number: '', unproven_phone: account.phone });
    await remove(account.token);
    expect(await world.partition(phoneClaimKey(account.phone).pk)).toEqual([]);
    expect((await signUp(world, { phone: account.phone })).id).not.toBe(account.id);
  });

  test('moves to a customer who signs in by OTP, then sets a password', async () => {
    const squatter = await signUp(world);
    const { phone } = squatter;
    const owner = await signInByOtp(phone);
    expect([owner.status, owner.body.customer.phone_number]).toEqual([201, phone]);
    expect(await readClaim(phone)).toEqual({ customerId: owner.body.customer.id, isVerified: true });
    const body = { email: `owner${phone.slice(1)}@example.com`, password: 'violet bicycle 77' };
    expect((await world.call(setPassword, { token: owner.body.access, body })).status).toBe(200);
    expect((await logIn(world, body)).body.data).toMatchObject({ phone, phone_verified: true });
    expect(await phoneOf(squatter)).toEqual(lost);
    expect((await logIn(world, squatter)).body.data).toMatchObject({
      id: squatter.id,
      email: squatter.email,
      phone: '',
    });
  });

  test('moves to a customer who changes to it', async () => {
    const [squatter, owner] = [await signUp(world), await signIn(world)];
    expect((await changeTo(squatter.phone, owner.access)).body.phone_number).toBe(squatter.phone);
    expect(await phoneOf(squatter)).toEqual(lost);
    world.advance(60);
    expect((await signInByOtp(owner.phone)).status).toBe(201);
  });

  test('becomes verified when its own account changes to it', async () => {
    const account = await signUp(world);
    expect((await changeTo(account.phone, account.token)).body.phone_number).toBe(account.phone);
    expect(await readClaim(account.phone)).toEqual({ customerId: account.id, isVerified: true });
  });

  test('that was lost is not sent a code, and another one can be verified', async () => {
    const squatter = await signUp(world);
    await signInByOtp(squatter.phone);
    const sent = world.sandbox.messages.list(squatter.phone).length;
    const { status, body } = await world.call(verifyPhone, { token: squatter.token });
    expect([status, body.errors.errorDetails]).toEqual([423, { phone: ['The phone field is required.'] }]);
    const phone = world.phone();
    expect((await verify(world, { ...squatter, phone })).body.data).toMatchObject({ phone, phone_verified: true });
    expect(world.sandbox.messages.list(squatter.phone)).toHaveLength(sent);
  });

  test('is not restored by a change that read the account before it was lost', async () => {
    const squatter = await signUp(world);
    const before = await customers.find(squatter.id);
    await signInByOtp(squatter.phone);
    const { done } = await transact(before ? [revokeAllWrite(before)] : []);
    expect([done, await phoneOf(squatter)]).toEqual([true, lost]);
  });

  test('gives the device token of its account no part of the limits that are for the owner', async () => {
    const account = await signUp(world);
    const { device_token } = (await logIn(world, account)).body.data;
    const isOwner = async () => (await identifyOtpCaller(nextAddress(), device_token, account.phone)).hasDeviceToken;
    expect(await isOwner()).toBe(false);
    await verify(world, account);
    expect(await isOwner()).toBe(true);
  });
});

describe('an account that loses its phone', () => {
  test.each([
    ['en', 'Your phone number was removed'],
    ['ar', 'أُزيل رقم هاتفك من حسابك'],
  ])('is told once in %s, in the inbox and by a push, and not by SMS', async (language, title) => {
    const phone = world.phone();
    const { body } = await world.call(signup, {
      body: newAccount(world, { phone }),
      headers: { 'accept-language': language },
    });
    const { token } = body.data;
    const registration_id = `${phone.slice(1)}:push`;
    await world.call(createDevice, { token, body: { registration_id, type: 'android' } });
    await workers.changes.follow();
    const code = await requestOtp(world, phone);
    const sent = world.sandbox.messages.list(phone).length;
    await authenticateWith(world, phone, code);
    const records = await workers.changes.take();
    for (let run = 0; run < 2; run++) await invoke('followUp', { Records: records });
    await workers.news.follow();
    expect(world.sandbox.messages.list(registration_id).map(({ payload }) => payload)).toMatchObject([
      { title, data: { type: 'phone_lost' } },
    ]);
    const inbox = (await world.call(listNotifications, { method: 'GET', token })).body.results;
    expect(inbox).toMatchObject([{ title, notification_type: 'other' }]);
    expect(world.sandbox.messages.list(phone)).toHaveLength(sent);
  });

  test('is told nothing when it verifies the phone or another one itself, or is deleted', async () => {
    const [own, other, deleted] = [await signUp(world), await signUp(world), await signUp(world)];
    await verify(world, own);
    await verify(world, { ...other, phone: world.phone() });
    await remove(deleted.token);
    await workers.changes.follow();
    expect(await workers.news.take()).toEqual([]);
  });
});

describe('at the same time', () => {
  test('a sign-in by OTP and a sign-up with the phone leave it to the sign-in', async () => {
    for (let turn = 0; turn < 8; turn++) {
      const phone = world.phone();
      const code = await requestOtp(world, phone);
      const [owner] = await Promise.all([
        setTimeout(2 * turn).then(() => authenticateWith(world, phone, code)),
        world.call(signup, { body: newAccount(world, { phone }) }),
      ]);
      expect(owner.status).toBe(201);
      expect(await readClaim(phone)).toEqual({ customerId: owner.body.customer.id, isVerified: true });
    }
  });

  test('a verification and the deletion of the account that had the phone leave it to the verification', async () => {
    for (let turn = 0; turn < 8; turn++) {
      const [holder, owner] = [await signUp(world), await signIn(world)];
      const otp = await requestChangeOtp(holder.phone);
      const body = { phone_number: holder.phone, otp };
      const [changed, deleted] = await Promise.all([
        world.call(changePhone, { token: owner.access, body }),
        setTimeout(2 * turn).then(() => remove(holder.token)),
      ]);
      expect([changed.status, deleted.status]).toEqual([200, 204]);
      expect(await readClaim(holder.phone)).toEqual({ customerId: owner.customer.id, isVerified: true });
    }
  });

  test('a sign-in by OTP and a verification by another customer leave the phone to one of them', async () => {
    for (let turn = 0; turn < 8; turn++) {
      const [holder, other] = [await signUp(world), await signUp(world)];
      const { phone } = holder;
      const clientIp = addressOf(phone);
      await world.call(verifyPhone, { token: other.token, clientIp, body: { phone } });
      const verification_code = world.otpFor(phone);
      world.advance(60);
      const code = await requestOtp(world, phone);
      const [signedIn, verified] = await Promise.all([
        authenticateWith(world, phone, code),
        setTimeout(2 * turn).then(() =>
          world.call(verifyPhone, { token: other.token, clientIp, body: { phone, verification_code } }),
        ),
      ]);
      const ownerId = signedIn.body.customer.id;
      expect([signedIn.status, verified.status]).toEqual(ownerId === other.id ? [200, 200] : [201, 423]);
      expect(await readClaim(phone)).toEqual({ customerId: ownerId, isVerified: true });
      expect(await phoneOf(holder)).toEqual(lost);
    }
  });

  test('a login and the verification by another customer leave the phone to the verification', async () => {
    for (let turn = 0; turn < 8; turn++) {
      const [holder, owner] = [await signUp(world), await signIn(world)];
      const body = { phone_number: holder.phone, otp: await requestChangeOtp(holder.phone) };
      const [changed, loggedIn] = await Promise.all([
        setTimeout(2 * turn).then(() => world.call(changePhone, { token: owner.access, body })),
        logIn(world, holder),
      ]);
      expect([changed.status, loggedIn.status]).toEqual([200, 200]);
      expect(await phoneOf(holder)).toEqual(lost);
    }
  });
});

describe('an account whose phone was not claimed, from an early build', () => {
  /** Signs up accounts with one phone, as early builds stored them. */
  async function signUpEarly(count = 1): Promise<Account[]> {
    const phone = world.phone();
    const accounts: Account[] = [];
    for (let more = 0; more < count; more++) {
      accounts.push(await signUp(world, { phone }));
      await world.delete(phoneClaimKey(phone));
    }
    await world.put({ ...formerSignUpsKey(phone), first: accounts[0]?.id, last: accounts.at(-1)?.id });
    return accounts;
  }
  const logInByPhone = async ({ phone, password }: Account) => {
    await invoke('changeSettings', { set: { enablePhoneLogin: true } });
    world.advance(60);
    const response = await world.call(login, { body: { phone, password }, clientIp: nextAddress() });
    await invoke('changeSettings', { set: { enablePhoneLogin: false } });
    world.advance(60);
    return response;
  };

  test('logs in by phone if it signed up first, and claims the phone', async () => {
    const [first, last] = (await signUpEarly(2)) as [Account, Account];
    expect((await logInByPhone(last)).status).toBe(403);
    expect((await logInByPhone(first)).body.data).toMatchObject({ id: first.id, phone: first.phone });
    expect(await world.partition(phoneClaimKey(first.phone).pk)).toMatchObject([
      { sk: 'CLAIM', customerId: first.id, isVerified: false },
    ]);
    expect((await logIn(world, last)).body.data).toMatchObject({ id: last.id, phone: '' });
    expect(await phoneOf(last)).toEqual(lost);
  });

  test('claims the phone once at parallel logins by e-mail, and loses it to an account that was faster', async () => {
    const accounts = await signUpEarly(4);
    const responses = await Promise.all(accounts.map((account) => logIn(world, account)));
    expect(responses.map(({ status }) => status)).toEqual(Array(4).fill(200));
    const shown = (await Promise.all(accounts.map((account) => logIn(world, account)))).map(
      ({ body }) => body.data.phone,
    );
    expect(shown.toSorted()).toEqual(['', '', '', accounts[0]?.phone]);
  });

  test('verifies the phone, or leaves nothing of it when it is deleted', async () => {
    const [[verified], [deleted]] = (await Promise.all([signUpEarly(), signUpEarly()])) as [[Account], [Account]];
    expect((await verify(world, verified)).body.data.phone_verified).toBe(true);
    expect(await world.partition(phoneClaimKey(verified.phone).pk)).toMatchObject([{ customerId: verified.id }]);
    expect((await remove(deleted.token)).status).toBe(204);
    expect(await world.partition(phoneClaimKey(deleted.phone).pk)).toEqual([]);
  });

  test('is deleted beside the customer who has verified its phone, and takes nothing from them', async () => {
    const [early] = (await signUpEarly()) as [Account];
    const owner = await signIn(world, { phone: early.phone });
    expect((await remove(early.token)).status).toBe(204);
    expect(await world.partition(phoneClaimKey(early.phone).pk)).toMatchObject([{ customerId: owner.customer.id }]);
  });
});

test('a claim from before unverified phones were claimed is that of a verified phone', async () => {
  const { phone, customer } = await signIn(world);
  await world.put({ ...phoneClaimKey(phone), customerId: customer.id });
  world.advance(60);
  const { status, body } = await signInByOtp(phone);
  expect([status, body.customer.id]).toEqual([200, customer.id]);
  const taken = await world.call(signup, { body: newAccount(world, { phone }) });
  expect([taken.status, Object.keys(taken.body.errors.errorDetails)]).toEqual([423, ['phone']]);
});
