import { sessionKey } from '../../lib/table/keys.ts';
import { notifyOf } from '../../lib/testing/stage/notifications.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { cheapPasswords, logIn, signUp } from '../../lib/testing/stage/signUp.ts';
import type { Stream } from '../../lib/testing/stage/stream.ts';
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
let changes: Stream;
let news: Stream;
beforeAll(async () => {
  changes = await world.openStream('followUp');
  news = await world.openStream('deliverPush');
});
afterEach(async () => {
  await changes.take();
  await news.take();
});

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
const sessionsOf = async (access: string): Promise<{ id: number; current: boolean }[]> =>
  (await world.call(listSessions, { token: access })).body;
const currentId = async (access: string) => (await sessionsOf(access)).find(({ current }) => current)?.id ?? 0;
const revoke = (access: string, id: number) => world.call(revokeSession, { token: access, params: { id: String(id) } });
const deviceOf = async (id: number, registrationId: string) =>
  (await world.partition(`CUSTOMER#${id}`)).find((item) => item.registrationId === registrationId && 'active' in item);

/** Returns whether the customer's next notification reaches each of these push tokens. */
async function reached(id: number, ...pushTokens: string[]): Promise<boolean[]> {
  const title = String(await notifyOf(id));
  await news.follow();
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
async function robbed() {
  const stolen = await signIn(world, { registrationId: newToken() });
  const own = await signInElsewhere(stolen);
  const thief = newToken();
  await register(stolen.access, thief);
  return { stolen, own, thief, id: own.customer.id, sessionId: await currentId(stolen.access) };
}
type Robbed = Awaited<ReturnType<typeof robbed>>;

const endings: [string, (story: Robbed) => Promise<unknown>][] = [
  ['it was logged out', ({ stolen }) => world.call(logout, { token: stolen.access })],
  [
    'its refresh token was logged out',
    ({ stolen, own }) =>
      world.call(logoutDevice, {
        token: own.access,
        body: { refresh_token: stolen.refresh, registration_id: stolen.registrationId },
      }),
  ],
  ['it was revoked by another session', ({ own, sessionId }) => revoke(own.access, sessionId)],
  [
    'its refresh token was used by two',
    async ({ stolen }) => {
      await refreshWith((await refreshWith(stolen.refresh)).refresh);
      world.advance(60);
      expect(await refreshWith(stolen.refresh)).toMatchObject({ errors: [{ code: 'token_not_valid' }] });
    },
  ],
  [
    'newer sessions took its place',
    async ({ own }) => {
      world.set({ SESSIONS_PER_CUSTOMER: '2' });
      await refreshWith(own.refresh);
      await signInElsewhere(own);
    },
  ],
  [
    'another session chose a new password',
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
  test.each(endings)('gets no more pushes once %s, and the other session’s device does', async (_, end) => {
    const story = await robbed();
    const { id, thief, own } = story;
    expect(await reached(id, thief, own.registrationId)).toEqual([true, true]);
    const before = await deviceOf(id, thief);
    await end(story);
    expect(await reached(id, thief, own.registrationId)).toEqual([false, true]);
    // Nor if the device is still active in the table and only its session is revoked.
    await world.put(before ?? {});
    expect(await reached(id, thief, own.registrationId)).toEqual([false, true]);
  });

  test.each(endings)('is shown as inactive once %s', async (_, end) => {
    const story = await robbed();
    await end(story);
    await changes.follow();
    const { body } = await world.call(listDevices, { token: story.own.access });
    const shown = body.map((device: { registration_id: string; active: boolean }) => [
      device.registration_id,
      device.active,
    ]);
    expect(Object.fromEntries(shown)).toMatchObject({ [story.thief]: false, [story.own.registrationId]: true });
  });

  test('gets no more pushes once every session was logged out, and none when the customer is back', async () => {
    const { id, stolen, own, thief } = await robbed();
    const before = await deviceOf(id, thief);
    await world.call(logoutAllDevices, { token: own.access });
    await world.put(before ?? {});
    const back = await signInElsewhere(stolen);
    expect(await reached(id, thief, own.registrationId, back.registrationId)).toEqual([false, false, true]);
  });

  test('gets no more pushes once a code has set a new password', async () => {
    const { id, stolen, thief } = await robbed();
    const before = await deviceOf(id, thief);
    world.advance(300);
    await world.call(forgetPassword, { body: { phone: stolen.phone } });
    const body = { phone: stolen.phone, token: world.codeFor(stolen.phone), password };
    expect((await world.call(resetPassword, { body })).status).toBe(200);
    await world.put(before ?? {});
    const back = await signInElsewhere(stolen);
    expect(await reached(id, thief, back.registrationId)).toEqual([false, true]);
  });

  test('gets no more pushes when its session has ended but is still in the table', async () => {
    const { id, own, thief, sessionId } = await robbed();
    const left = [await deviceOf(id, thief), await storedSession(id, sessionId)];
    const email = 'left.over@example.com';
    await world.call(setPassword, { token: own.access, body: { email, password } });
    await world.call(setPassword, { token: own.access, body: { password: `${password}!` } });
    for (const item of left) await world.put(item ?? {});
    expect(await reached(id, thief, own.registrationId)).toEqual([false, true]);
  });

  test('gets no more pushes once its session has expired, and is shown as inactive once that is deleted', async () => {
    const { id, stolen, thief, sessionId } = await robbed();
    world.advance(40 * 86_400);
    const back = await signInElsewhere(stolen);
    expect(await storedSession(id, sessionId)).toBeDefined();
    expect(await reached(id, thief, back.registrationId)).toEqual([false, true]);
    await changes.follow();
    await world.delete(sessionKey(id, sessionId));
    await changes.follow();
    expect(await deviceOf(id, thief)).toMatchObject({ active: false });
    expect(world.sandbox.platforms.endpointOf(thief)?.enabled).toBe(false);
  });

  test('gets no more pushes after its session was a password’s and ended', async () => {
    const account = await signUp(world);
    const { body } = await logIn(world, account);
    const [thief, own] = [newToken(), newToken()];
    await register(account.token, thief);
    await register(body.data.token, own);
    expect(await reached(account.id, thief, own)).toEqual([true, true]);
    await refreshWith((await refreshWith(account.refresh)).refresh);
    world.advance(60);
    await refreshWith(account.refresh);
    expect(await reached(account.id, thief, own)).toEqual([false, true]);
  });

  test.each([
    ['PATCH', updateDevice],
    ['PUT', replaceDevice],
  ])('does not outlive its session by a %s that gives it the place of another session’s device', async (_, handler) => {
    const { id, stolen, own, sessionId } = await robbed();
    const thief = newToken();
    const params = { registration_id: own.registrationId };
    const body = { registration_id: thief, type: 'android' };
    expect((await world.call(handler, { token: stolen.access, params, body })).status).toBe(200);
    expect(await reached(id, thief)).toEqual([true]);
    await revoke(own.access, sessionId);
    expect(await reached(id, thief)).toEqual([false]);
  });
});

const storedSession = async (id: number, sessionId: number) =>
  (await world.partition(`CUSTOMER#${id}`)).find(({ sk }) => sk === sessionKey(id, sessionId).sk);

describe('a device', () => {
  test('belongs to the session that registered it last', async () => {
    const first = await signIn(world, { registrationId: newToken() });
    const second = await signInElsewhere(first);
    await register(second.access, first.registrationId);
    await revoke(second.access, await currentId(first.access));
    expect(await reached(first.customer.id, first.registrationId)).toEqual([true]);
    await world.call(logout, { token: second.access });
    expect(await reached(first.customer.id, first.registrationId)).toEqual([false]);
  });

  test('belongs to the session that activated it last, and not to one that renamed it', async () => {
    const first = await signIn(world, { registrationId: newToken() });
    const second = await signInElsewhere(first);
    await patch(second.access, first.registrationId, { name: 'Phone' });
    await patch(second.access, second.registrationId, { active: false });
    await patch(first.access, second.registrationId, { active: true });
    await world.call(logout, { token: second.access });
    expect(await reached(first.customer.id, first.registrationId, second.registrationId)).toEqual([true, true]);
  });

  test('stays with its session when that gives it another push token', async () => {
    const { access, registrationId, customer } = await signIn(world, { registrationId: newToken() });
    const to = newToken();
    await patch(access, registrationId, { registration_id: to, name: 'Phone' });
    expect(await reached(customer.id, to)).toEqual([true]);
    expect((await world.call(listSessions, { token: access })).body).toMatchObject([{ device_name: 'Phone' }]);
    await world.call(logout, { token: access });
    expect(await reached(customer.id, to)).toEqual([false]);
  });

  test('keeps its pushes when it signs in anew while older sessions make room', async () => {
    world.set({ SESSIONS_PER_CUSTOMER: '1' });
    const { phone, registrationId, customer } = await signIn(world, { registrationId: newToken() });
    world.advance(300);
    await signIn(world, { phone, registrationId });
    await changes.follow();
    expect(await reached(customer.id, registrationId)).toEqual([true]);
    expect(await deviceOf(customer.id, registrationId)).toMatchObject({ active: true });
  });

  test('gets a push that is on its way while it moves to another session', async () => {
    const first = await signIn(world, { registrationId: newToken() });
    const second = await signInElsewhere(first);
    let moved: Promise<unknown> | undefined;
    let hasMoved = false;
    const move = async () => {
      await register(second.access, first.registrationId);
      await world.delete(sessionKey(first.customer.id, await currentId(first.access)));
      hasMoved = true;
    };
    // The worker has the list of devices by then, and acquires the lease of the notification.
    world.engine.fail((_, body) => {
      if (hasMoved || !body.includes('takenUntilMs')) return undefined;
      moved ??= move();
      return conflict;
    });
    expect(await reached(first.customer.id, first.registrationId)).toEqual([true]);
    await moved;
  });

  test('that was stored without a session belongs to the one that names its push token, until its app is back', async () => {
    const own = await signIn(world, { registrationId: newToken() });
    const other = await signInElsewhere(own);
    const [id, unnamed] = [own.customer.id, newToken()];
    await register(other.access, unnamed);
    for (const token of [own.registrationId, unnamed]) {
      const { sessionId: _, ...old } = (await deviceOf(id, token)) ?? {};
      await world.put(old);
    }
    expect(await reached(id, own.registrationId, unnamed, other.registrationId)).toEqual([true, false, true]);
    await register(other.access, unnamed);
    expect(await reached(id, unnamed)).toEqual([true]);
    const before = await deviceOf(id, own.registrationId);
    await revoke(other.access, await currentId(own.access));
    expect(await deviceOf(id, own.registrationId)).toMatchObject({ active: false });
    await world.put(before ?? {});
    expect(await reached(id, own.registrationId, unnamed)).toEqual([false, true]);
  });
});
