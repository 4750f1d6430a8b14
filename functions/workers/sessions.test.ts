import { sessionKey } from '../../lib/table/keys.ts';
import { notifyOf } from '../../lib/testing/stage/notifications.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, logIn, signUp } from '../../lib/testing/stage/signUp.ts';
import { useWorkers } from '../../lib/testing/stage/stream.ts';
import { type SignedInCustomer, useWorld } from '../../lib/testing/stage/world.ts';
import { handler as listSessions } from '../auth/listSessions.ts';
import { handler as logoutAllDevices } from '../auth/logoutAllDevices.ts';
import { handler as logoutDevice } from '../auth/logoutDevice.ts';
import { handler as refresh } from '../auth/refresh.ts';
import { handler as revokeSession } from '../auth/revokeSession.ts';
import { handler as createDevice } from '../devices/create.ts';
import { handler as listDevices } from '../devices/list.ts';
import { handler as updateDevice } from '../devices/partialUpdate.ts';
import { handler as replaceDevice } from '../devices/update.ts';
import { handler as forgetPassword } from '../password/forget.ts';
import { handler as logout } from '../password/logout.ts';
import { handler as resetPassword } from '../password/reset.ts';
import { handler as setPassword } from '../password/set.ts';

const world = useWorld({ seed: ['countries', 'settings', 'passwords'] });
beforeEach(() => cheapPasswords(world));
const workers = useWorkers(world);

const conflict = {
  status: 400,
  type: 'TransactionCanceledException',
  extra: { CancellationReasons: [{ Code: 'TransactionConflict' }] },
};
const password = 'a long enough password';
let tokens = 0;
const newToken = () => {
  tokens += 1;
  return `${tokens}:push_token-${tokens}.x`;
};
const register = (access: string, registration_id: string) =>
  world.call(createDevice, { token: access, body: { registration_id, type: 'android' } });
const patch = (access: string, registration_id: string, body: object) =>
  world.call(updateDevice, { token: access, params: { registration_id }, body });
const refreshWith = async (token: string) => (await world.call(refresh, { body: { refresh: token } })).body;
const getSessions = async (access: string): Promise<{ id: number; current: boolean }[]> =>
  (await world.call(listSessions, { token: access })).body;
const getCurrentId = async (access: string) => (await getSessions(access)).find(({ current }) => current)?.id ?? 0;
const revoke = (access: string, id: number) => world.call(revokeSession, { token: access, params: { id: String(id) } });
const readDevice = async (id: number, registrationId: string) =>
  (await world.partition(`CUSTOMER#${id}`)).find((item) => item.registrationId === registrationId && 'active' in item);

/** Notifies the customer, and returns whether the push reaches each of these push tokens. */
async function sendPush(id: number, ...pushTokens: string[]): Promise<boolean[]> {
  const title = String(await notifyOf(id));
  await workers.news.follow();
  return pushTokens.map((token) => world.sandbox.messages.list(token).some(({ payload }) => payload?.title === title));
}

async function signInElsewhere({ phone }: SignedInCustomer): Promise<SignedInCustomer> {
  world.advance(300);
  return signIn(world, { phone, registrationId: newToken() });
}

/**
 * Signs in a customer with two sessions. A thief has registered a device with the first access
 * token.
 */
async function signInWithThief() {
  const stolen = await signIn(world, { registrationId: newToken() });
  const own = await signInElsewhere(stolen);
  const thief = newToken();
  await register(stolen.access, thief);
  return { stolen, own, thief, id: own.customer.id, sessionId: await getCurrentId(stolen.access) };
}
type Theft = Awaited<ReturnType<typeof signInWithThief>>;

const revocations: [string, (theft: Theft) => Promise<unknown>][] = [
  ['its session was logged out', ({ stolen }) => world.call(logout, { token: stolen.access })],
  [
    'its refresh token was logged out',
    ({ stolen, own }) =>
      world.call(logoutDevice, {
        token: own.access,
        body: { refresh_token: stolen.refresh, registration_id: stolen.registrationId },
      }),
  ],
  ['another session revoked its session', ({ own, sessionId }) => revoke(own.access, sessionId)],
  [
    'its refresh token was reused',
    async ({ stolen }) => {
      await refreshWith((await refreshWith(stolen.refresh)).refresh);
      world.advance(60);
      expect(await refreshWith(stolen.refresh)).toMatchObject({ errors: [{ code: 'token_not_valid' }] });
    },
  ],
  [
    'newer sessions reached the session limit',
    async ({ own }) => {
      world.set({ SESSIONS_PER_CUSTOMER: '2' });
      await refreshWith(own.refresh);
      await signInElsewhere(own);
    },
  ],
  [
    'another session set a new password',
    async ({ own }) => {
      const email = `${newToken().replace(/\W/g, '')}@example.com`;
      await world.call(setPassword, { token: own.access, body: { email, password } });
      expect((await world.call(setPassword, { token: own.access, body: { password: `${password}!` } })).status).toBe(
        200,
      );
    },
  ],
];

describe('a device that a stolen access token registered', () => {
  test.each(revocations)(
    'gets no pushes after %s, but the device of the other session does',
    async (_, revokeTheft) => {
      const theft = await signInWithThief();
      const { id, thief, own } = theft;
      expect(await sendPush(id, thief, own.registrationId)).toEqual([true, true]);
      const before = await readDevice(id, thief);
      await revokeTheft(theft);
      expect(await sendPush(id, thief, own.registrationId)).toEqual([false, true]);
      // The device gets no pushes even if it is still active in the table.
      await world.put(before ?? {});
      expect(await sendPush(id, thief, own.registrationId)).toEqual([false, true]);
    },
  );

  test.each(revocations)('is listed as inactive after %s', async (_, revokeTheft) => {
    const theft = await signInWithThief();
    await revokeTheft(theft);
    await workers.changes.follow();
    const { body } = await world.call(listDevices, { token: theft.own.access });
    const states = body.map((device: { registration_id: string; active: boolean }) => [
      device.registration_id,
      device.active,
    ]);
    expect(Object.fromEntries(states)).toMatchObject({ [theft.thief]: false, [theft.own.registrationId]: true });
  });

  test('gets no pushes after "log out everywhere", even when the customer signs in again', async () => {
    const { id, stolen, own, thief } = await signInWithThief();
    const before = await readDevice(id, thief);
    await world.call(logoutAllDevices, { token: own.access });
    await world.put(before ?? {});
    const newSession = await signInElsewhere(stolen);
    expect(await sendPush(id, thief, own.registrationId, newSession.registrationId)).toEqual([false, false, true]);
  });

  test('gets no pushes after a password reset', async () => {
    const { id, stolen, thief } = await signInWithThief();
    const before = await readDevice(id, thief);
    world.advance(300);
    await world.call(forgetPassword, { body: { phone: stolen.phone } });
    const body = { phone: stolen.phone, token: world.otpFor(stolen.phone), password };
    expect((await world.call(resetPassword, { body })).status).toBe(200);
    await world.put(before ?? {});
    const newSession = await signInElsewhere(stolen);
    expect(await sendPush(id, thief, newSession.registrationId)).toEqual([false, true]);
  });

  test('gets no pushes if its revoked session is still in the table', async () => {
    const { id, own, thief, sessionId } = await signInWithThief();
    const staleItems = [await readDevice(id, thief), await readSession(id, sessionId)];
    const email = 'stale.items@example.com';
    await world.call(setPassword, { token: own.access, body: { email, password } });
    await world.call(setPassword, { token: own.access, body: { password: `${password}!` } });
    for (const item of staleItems) await world.put(item ?? {});
    expect(await sendPush(id, thief, own.registrationId)).toEqual([false, true]);
  });

  test('gets no pushes after its session has expired, and becomes inactive when DynamoDB deletes that', async () => {
    const { id, stolen, thief, sessionId } = await signInWithThief();
    world.advance(40 * 86_400);
    const newSession = await signInElsewhere(stolen);
    expect(await readSession(id, sessionId)).toBeDefined();
    expect(await sendPush(id, thief, newSession.registrationId)).toEqual([false, true]);
    await workers.changes.follow();
    await world.delete(sessionKey(id, sessionId));
    await workers.changes.follow();
    expect(await readDevice(id, thief)).toMatchObject({ active: false });
    expect(world.sandbox.platforms.endpointOf(thief)?.enabled).toBe(false);
  });

  test('gets no pushes after its password session was revoked', async () => {
    const account = await signUp(world);
    const { body } = await logIn(world, account);
    const [thief, own] = [newToken(), newToken()];
    await register(account.token, thief);
    await register(body.data.token, own);
    expect(await sendPush(account.id, thief, own)).toEqual([true, true]);
    await refreshWith((await refreshWith(account.refresh)).refresh);
    world.advance(60);
    await refreshWith(account.refresh);
    expect(await sendPush(account.id, thief, own)).toEqual([false, true]);
  });

  test.each([
    ['PATCH', updateDevice],
    ['PUT', replaceDevice],
  ])('gets no pushes after its session, even if it replaced another session’s device with %s', async (_, handler) => {
    const { id, stolen, own, sessionId } = await signInWithThief();
    const thief = newToken();
    const params = { registration_id: own.registrationId };
    const body = { registration_id: thief, type: 'android' };
    expect((await world.call(handler, { token: stolen.access, params, body })).status).toBe(200);
    expect(await sendPush(id, thief)).toEqual([true]);
    await revoke(own.access, sessionId);
    expect(await sendPush(id, thief)).toEqual([false]);
  });
});

const readSession = async (id: number, sessionId: number) =>
  (await world.partition(`CUSTOMER#${id}`)).find(({ sk }) => sk === sessionKey(id, sessionId).sk);

describe('a device', () => {
  test('belongs to the session that registered it last', async () => {
    const first = await signIn(world, { registrationId: newToken() });
    const second = await signInElsewhere(first);
    await register(second.access, first.registrationId);
    await revoke(second.access, await getCurrentId(first.access));
    expect(await sendPush(first.customer.id, first.registrationId)).toEqual([true]);
    await world.call(logout, { token: second.access });
    expect(await sendPush(first.customer.id, first.registrationId)).toEqual([false]);
  });

  test('belongs to the session that activated it last, not to one that renamed it', async () => {
    const first = await signIn(world, { registrationId: newToken() });
    const second = await signInElsewhere(first);
    await patch(second.access, first.registrationId, { name: 'Phone' });
    await patch(second.access, second.registrationId, { active: false });
    await patch(first.access, second.registrationId, { active: true });
    await world.call(logout, { token: second.access });
    expect(await sendPush(first.customer.id, first.registrationId, second.registrationId)).toEqual([true, true]);
  });

  test('stays with its session when the session changes its push token', async () => {
    const { access, registrationId, customer } = await signIn(world, { registrationId: newToken() });
    const to = newToken();
    await patch(access, registrationId, { registration_id: to, name: 'Phone' });
    expect(await sendPush(customer.id, to)).toEqual([true]);
    expect((await world.call(listSessions, { token: access })).body).toMatchObject([{ device_name: 'Phone' }]);
    await world.call(logout, { token: access });
    expect(await sendPush(customer.id, to)).toEqual([false]);
  });

  test('keeps its pushes when it signs in again at the session limit', async () => {
    world.set({ SESSIONS_PER_CUSTOMER: '1' });
    const { phone, registrationId, customer } = await signIn(world, { registrationId: newToken() });
    world.advance(300);
    await signIn(world, { phone, registrationId });
    await workers.changes.follow();
    expect(await sendPush(customer.id, registrationId)).toEqual([true]);
    expect(await readDevice(customer.id, registrationId)).toMatchObject({ active: true });
  });

  test('gets a push whose delivery is in progress while it moves to another session', async () => {
    const first = await signIn(world, { registrationId: newToken() });
    const second = await signInElsewhere(first);
    let moved: Promise<unknown> | undefined;
    let hasMoved = false;
    const move = async () => {
      await register(second.access, first.registrationId);
      await world.delete(sessionKey(first.customer.id, await getCurrentId(first.access)));
      hasMoved = true;
    };
    // The worker has read the list of devices, and acquires the lease of the notification.
    world.engine.fail((_, body) => {
      if (hasMoved || !body.includes('takenUntilMs')) return undefined;
      moved ??= move();
      return conflict;
    });
    expect(await sendPush(first.customer.id, first.registrationId)).toEqual([true]);
    await moved;
  });

  test('stored without a session belongs to the session with its push token, until its app registers it again', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    const other = await signInElsewhere(own);
    const [id, unnamed] = [own.customer.id, newToken()];
    await register(other.access, unnamed);
    for (const token of [own.registrationId, unnamed]) {
      const { sessionId: _, ...old } = (await readDevice(id, token)) ?? {};
      await world.put(old);
    }
    expect(await sendPush(id, own.registrationId, unnamed, other.registrationId)).toEqual([true, false, true]);
    await register(other.access, unnamed);
    expect(await sendPush(id, unnamed)).toEqual([true]);
    const before = await readDevice(id, own.registrationId);
    await revoke(other.access, await getCurrentId(own.access));
    expect(await readDevice(id, own.registrationId)).toMatchObject({ active: false });
    await world.put(before ?? {});
    expect(await sendPush(id, own.registrationId, unnamed)).toEqual([false, true]);
  });
});
