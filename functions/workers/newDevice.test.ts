import { randomUUID } from 'node:crypto';
import { verifyAddress } from '../../lib/testing/stage/emails.ts';
import { notifyOf } from '../../lib/testing/stage/notifications.ts';
import { operate } from '../../lib/testing/stage/operators.ts';
import { authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, logIn, nextAddress, signUp, verify } from '../../lib/testing/stage/signUp.ts';
import { useWorkers } from '../../lib/testing/stage/stream.ts';
import { type SignedInCustomer, useWorld } from '../../lib/testing/stage/world.ts';
import { handler as listSessions } from '../auth/listSessions.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as createDevice } from '../devices/create.ts';
import { handler as listNotifications } from '../notifications/list.ts';
import { handler as updatePreferences } from '../notifications/updatePreferences.ts';
import { handler as login } from '../password/login.ts';

const world = useWorld({ seed: ['countries', 'settings', 'passwords'] });
beforeEach(() => cheapPasswords(world));
const workers = useWorkers(world);

const newToken = () => `${randomUUID()}:token`;
const followAll = async () => {
  await workers.changes.follow();
  await workers.news.follow();
};
const pushesTo = (token: string) => world.sandbox.messages.list(token).map(({ payload }) => payload);
const inboxOf = async (token: string) =>
  (await world.call(listNotifications, { method: 'GET', token })).body.results as {
    title: string;
    message_body: string;
    data: Record<string, string>;
  }[];
const currentSessionId = async (token: string) =>
  (await world.call(listSessions, { method: 'GET', token })).body.find(({ current }: { current: boolean }) => current)
    .id as number;

async function signInElsewhere(
  { phone }: Pick<SignedInCustomer, 'phone'>,
  options: Partial<Parameters<typeof signIn>[1]> = {},
): Promise<SignedInCustomer> {
  world.advance(300);
  return signIn(world, { phone, registrationId: newToken(), ...options });
}

describe('a sign-in on a new device', () => {
  test.each([
    ['en', 'New sign-in to your account', 'If this was not you, end that session in the app.'],
    ['ar', 'تسجيل دخول جديد إلى حسابك', 'إن لم تكن أنت، فأنهِ هذه الجلسة من التطبيق.'],
  ] as const)(
    'is pushed to the other devices in %s and is in the inbox, but not pushed to itself',
    async (language, title, text) => {
      const own = await signIn(world, { registrationId: newToken(), language });
      const added = await signInElsewhere(own, { language });
      await followAll();
      const session_id = String(await currentSessionId(added.access));
      expect(pushesTo(own.registrationId)).toMatchObject([{ title, data: { type: 'new_sign_in', session_id } }]);
      expect(pushesTo(added.registrationId)).toEqual([]);
      expect(await inboxOf(own.access)).toMatchObject([
        { title, message_body: text, notification_type: 'other', data: { type: 'new_sign_in', session_id } },
      ]);
    },
  );

  test('is told to the verified e-mail address, unless the customer has switched it off', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    const email = `device${own.customer.id}@example.com`;
    await verifyAddress(world, own.access, email);
    await signInElsewhere(own);
    await followAll();
    const subjects = () =>
      world.sandbox.messages.list(email).map(({ payload }) => (payload as { subject: string }).subject);
    expect(subjects()[0]).toContain('New sign-in to your account');
    const count = subjects().length;
    const body = { push: { new_sign_in: false } };
    const { access } = await signInElsewhere(own);
    await world.call(updatePreferences, { method: 'PATCH', token: access, body });
    await followAll();
    expect(subjects()).toHaveLength(count);
  });

  test('by a password is announced too', async () => {
    const account = await signUp(world);
    await verify(world, account);
    const own = newToken();
    const body = { registration_id: own, type: 'android' };
    await world.call(createDevice, { token: account.token, body });
    const { body: added } = await logIn(world, account);
    await followAll();
    const session_id = String(await currentSessionId(added.data.token));
    expect(pushesTo(own)).toMatchObject([{ data: { type: 'new_sign_in', session_id } }]);
  });

  test('is not pushed to a device that the new session registers later', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    const added = await signInElsewhere(own, { registrationId: '' });
    const later = newToken();
    await world.call(createDevice, { token: added.access, body: { registration_id: later, type: 'android' } });
    await followAll();
    expect([pushesTo(own.registrationId), pushesTo(later)]).toEqual([[expect.anything()], []]);
  });

  test('is announced once, however often the worker runs', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    await signInElsewhere(own);
    const records = await workers.changes.take();
    const { handler } = await import('./followUp.ts');
    for (let run = 0; run < 3; run++) {
      await handler({ Records: records } as unknown as Parameters<typeof handler>[0]);
      await workers.news.follow();
    }
    expect(await inboxOf(own.access)).toHaveLength(1);
    expect(pushesTo(own.registrationId)).toHaveLength(1);
  });

  test('is in the inbox alone after the customer has switched its pushes off, and the others stay on', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    const change = (push: object) =>
      world.call(updatePreferences, { method: 'PATCH', token: own.access, body: { push } });
    await change({ new_sign_in: false });
    await signInElsewhere(own);
    await followAll();
    expect([pushesTo(own.registrationId), await inboxOf(own.access)]).toEqual([[], [expect.anything()]]);
    await change({ new_sign_in: true, other: false });
    await signInElsewhere(own);
    await followAll();
    expect(pushesTo(own.registrationId)).toHaveLength(1);
  });

  test('adds no call to the sign-in, which succeeds while no notification can be written', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    world.advance(300);
    const otp = await requestOtp(world, own.phone);
    world.engine.fail((_, body) =>
      body.includes('NOTIFICATION#') ? { status: 400, type: 'ProvisionedThroughputExceededException' } : undefined,
    );
    expect((await authenticateWith(world, own.phone, otp, { registrationId: newToken() })).status).toBe(200);
  });

  test('of a customer who has been deleted since is not announced', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    const added = await signInElsewhere(own);
    const records = await workers.changes.take();
    await world.call(deleteCustomer, { method: 'DELETE', token: added.access });
    await workers.changes.follow();
    const { handler } = await import('./followUp.ts');
    await handler({ Records: records } as unknown as Parameters<typeof handler>[0]);
    expect(JSON.stringify(await world.partition(`CUSTOMER#${own.customer.id}`))).not.toContain('new_sign_in');
  });
});

describe('nothing is announced', () => {
  test('for the first sign-in of a customer', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    await followAll();
    expect(await inboxOf(own.access)).toEqual([]);
  });

  test('for a device with a push token that the account knows, even after a logout', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    await operate('endSessions', { customer_id: own.customer.id });
    const again = await signInElsewhere(own, { registrationId: own.registrationId });
    await followAll();
    expect(await inboxOf(again.access)).toEqual([]);
  });

  test('for a device with a device token of the account', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    const again = await signInElsewhere(own, { deviceToken: own.deviceToken });
    await followAll();
    expect(await inboxOf(again.access)).toEqual([]);
  });

  test('for a login with a device token of the account, unlike one with that of another account', async () => {
    const account = await signUp(world);
    const stranger = await signIn(world);
    const logInWith = async (device_token?: string) =>
      (
        await world.call(login, {
          body: { email: account.email, password: account.password, device_token },
          clientIp: nextAddress(),
        })
      ).body.data;
    const { device_token, token } = await logInWith();
    await followAll();
    expect(await inboxOf(token)).toHaveLength(1);
    await logInWith(device_token);
    await followAll();
    expect(await inboxOf(token)).toHaveLength(1);
    await logInWith(stranger.deviceToken);
    await followAll();
    expect(await inboxOf(token)).toHaveLength(2);
  });
});

test('a suspended customer gets no pushes', async () => {
  const own = await signIn(world, { registrationId: newToken() });
  await operate('suspendCustomer', { customer_id: own.customer.id });
  await notifyOf(own.customer.id);
  await followAll();
  expect(pushesTo(own.registrationId)).toEqual([]);
});
