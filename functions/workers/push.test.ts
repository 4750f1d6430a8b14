import { setImmediate } from 'node:timers/promises';
import { jest } from '@jest/globals';
import * as z from 'zod';
import type { Device } from '../../lib/devices/deviceSchema.ts';
import { pushEndpointKey } from '../../lib/table/keys.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { logOf } from '../../lib/testing/stage/log.ts';
import { notifyOf } from '../../lib/testing/stage/notifications.ts';
import { authenticateWith, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
import type { Stream } from '../../lib/testing/stage/stream.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { applications } from '../../local/sandbox/platforms.ts';
import { handler as logoutAllDevices } from '../auth/logoutAllDevices.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as getCustomer } from '../customers/get.ts';
import { handler as createDevice } from '../devices/create.ts';
import { handler as destroyDevice } from '../devices/destroy.ts';
import { handler as updateDevice } from '../devices/partialUpdate.ts';
import { handler as retrieveDevice } from '../devices/retrieve.ts';
import { handler as bulkDelete } from '../notifications/bulkDelete.ts';
import { handler as deleteNotification } from '../notifications/delete.ts';
import { handler as listNotifications } from '../notifications/list.ts';
import { handler as readNotification } from '../notifications/read.ts';
import { handler as readAll } from '../notifications/readAll.ts';
import { handler as updatePreferences } from '../notifications/updatePreferences.ts';

const world = useWorld();
const followUp = (event: unknown) => invoke('followUp', event);
const deliverPush = (event: unknown) => invoke('deliverPush', event);
let changes: Stream;
let news: Stream;
beforeAll(async () => {
  changes = await world.openStream('followUp');
  news = await world.openStream('deliverPush');
});
/** Removes the events that an interrupted test has left, so the next test does not receive them. */
afterEach(async () => {
  await changes.take();
  await news.take();
});

const conflict = {
  status: 400,
  type: 'TransactionCanceledException',
  extra: { CancellationReasons: [{ Code: 'TransactionConflict' }] },
};
const platforms = () => world.sandbox.platforms;
const listPushes = (token: string) => world.sandbox.messages.list(token).map(({ payload }) => payload);
const register = (access: string, device: Partial<Device>) => world.call(createDevice, { token: access, body: device });
const apns = applications.ios.replace('APNS_SANDBOX', 'APNS');
let tokens = 0;
const newToken = () => {
  tokens += 1;
  return `${tokens}:fcm_token-${tokens}.x`;
};

/**
 * Runs an action before the first write that contains this text. Until the action has completed,
 * the table rejects that write.
 */
function runBeforeWrite(text: string, action: () => Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    let state: 'waiting' | 'running' | 'done' = 'waiting';
    world.engine.fail((operation, body) => {
      if (!/^(PutItem|TransactWriteItems)$/.test(operation) || !body.includes(text) || state === 'done')
        return undefined;
      if (state === 'waiting') {
        state = 'running';
        action()
          .finally(() => {
            state = 'done';
          })
          .then(() => resolve(), reject);
      }
      return operation === 'PutItem' ? { status: 400, type: 'TransactionConflictException' } : conflict;
    });
  });
}

async function eraseCustomer(access: string): Promise<void> {
  await world.call(deleteCustomer, { token: access });
  await changes.follow();
}

/** Signs in a customer whose only device is of this type, with its push endpoint. */
async function createCustomer(type: Device['type'] = 'android') {
  const token = newToken();
  const own = await signIn(world, { registrationId: newToken() });
  await world.call(destroyDevice, { token: own.access, params: { registration_id: own.registrationId } });
  await register(own.access, { registration_id: token, type });
  await changes.follow();
  return { ...own, id: own.customer.id, token };
}

/** An HTTP v1 message as Firebase and SNS document it. Unknown fields are rejected. */
const FcmPayload = z.strictObject({
  fcmV1Message: z.strictObject({
    validate_only: z.boolean(),
    message: z.strictObject({
      notification: z.strictObject({ title: z.string(), body: z.string() }),
      data: z.record(z.string().regex(/^(?!from$|message_type$|google\.|gcm\.)/), z.string()),
      android: z
        .strictObject({
          priority: z.enum(['NORMAL', 'HIGH']),
          ttl: z.string().regex(/^\d+s$/),
          notification: z.strictObject({ tag: z.string(), notification_count: z.int() }),
        })
        .optional(),
      webpush: z
        .strictObject({
          headers: z.strictObject({ TTL: z.string(), Urgency: z.enum(['very-low', 'low', 'normal', 'high']) }),
          notification: z.strictObject({ tag: z.string() }),
          fcm_options: z.strictObject({ link: z.url({ protocol: /^https$/ }) }).optional(),
        })
        .optional(),
    }),
  }),
});

/** A payload as Apple documents it. Our own fields are beside `aps`. */
const ApnsPayload = z.object({
  aps: z.strictObject({
    alert: z.strictObject({ title: z.string(), body: z.string() }),
    badge: z.int().min(0),
    sound: z.string(),
  }),
});

describe.each([
  ['android', applications.android],
  ['ios', apns],
  ['ios', applications.ios],
  ['web', applications.web],
] as const)('the push endpoint of a device for %s in %s', (type, application) => {
  const getEndpoint = (token: string) => platforms().endpointOf(token, application);
  beforeEach(() => {
    world.sandbox.platforms.applications.add(apns);
    world.set({ PUSH_IOS_APPLICATION: type === 'ios' ? application : applications.ios });
  });
  /** Registers a device again, as its app does at every start, and counts the calls to SNS. */
  async function countCallsToRepair(access: string, token: string): Promise<number> {
    world.advance(1);
    await register(access, { registration_id: token, type });
    platforms().calls = [];
    await changes.follow();
    return platforms().calls.length;
  }
  const expectedEndpoint = (token: string) => ({ application, token, enabled: true, customUserData: '' });

  test('is created with two calls when the device is registered', async () => {
    const { access } = await signIn(world);
    await changes.follow();
    const token = newToken();
    expect(await countCallsToRepair(access, token)).toBe(2);
    expect(getEndpoint(token)).toMatchObject(expectedEndpoint(token));
  });

  test.each<[string, (token: string) => void]>([
    ['it is correct', () => undefined],
    ['it is missing', (token) => platforms().endpoints.delete(getEndpoint(token)?.arn ?? '')],
    ['it is disabled', (token) => Object.assign(getEndpoint(token) ?? {}, { enabled: false })],
    ['it has another token', (token) => Object.assign(getEndpoint(token) ?? {}, { token: 'other' })],
    ['it has user data', (token) => Object.assign(getEndpoint(token) ?? {}, { customUserData: 'customer 7' })],
    [
      'another endpoint has the token, with other attributes',
      (token) => {
        const own = getEndpoint(token);
        const arn = `${own?.arn}2`;
        Object.assign(own ?? {}, { token: 'other' });
        platforms().endpoints.set(arn, { arn, application, token, enabled: false, customUserData: 'customer 7' });
      },
    ],
    [
      'it was created outside the backend, and is disabled',
      (token) => {
        const own = getEndpoint(token);
        const arn = `${own?.arn}3`;
        platforms().endpoints.delete(own?.arn ?? '');
        platforms().endpoints.set(arn, { arn, application, token, enabled: false, customUserData: '' });
      },
    ],
  ])('is current and enabled after the next registration if %s', async (_, tamper) => {
    const { access, token } = await createCustomer(type);
    tamper(token);
    expect(await countCallsToRepair(access, token)).toBeLessThanOrEqual(3);
    expect(getEndpoint(token)).toMatchObject(expectedEndpoint(token));
    await notifyOf((await getProfile(access)).id);
    await news.follow();
    expect(listPushes(token)).toHaveLength(1);
  });

  const getProfile = async (access: string) => (await world.call(getCustomer, { token: access })).body;
});

describe('a push endpoint', () => {
  const getEndpoint = (token: string) => platforms().endpointOf(token);
  const listErrors = async (run: () => Promise<unknown>) =>
    (await logOf(run)).filter((line) => line.includes('"level":"ERROR"'));

  test('is created once and without an error for a hundred parallel registrations of a device', async () => {
    const { access } = await signIn(world);
    const token = newToken();
    const errors = await listErrors(async () => {
      const responses = await Promise.all(
        Array.from({ length: 100 }, () => register(access, { registration_id: token, type: 'android' })),
      );
      expect(responses.filter(({ status }) => status >= 300)).toEqual([]);
      await changes.follow();
    });
    expect(errors).toEqual([]);
    const created = [...platforms().endpoints.values()].filter((candidate) => candidate.token === token);
    expect(created).toMatchObject([{ enabled: true }]);
  });

  test('is disabled and enabled with its device', async () => {
    const { access, token } = await createCustomer();
    const setActive = async (active: boolean) => {
      world.advance(1);
      await world.call(updateDevice, { token: access, params: { registration_id: token }, body: { active } });
      await changes.follow();
      return getEndpoint(token)?.enabled;
    };
    expect([await setActive(false), await setActive(true)]).toEqual([false, true]);
  });

  test('is disabled by a logout', async () => {
    const { access, token } = await createCustomer();
    expect((await world.call(logoutAllDevices, { token: access })).status).toBe(204);
    await changes.follow();
    expect(getEndpoint(token)?.enabled).toBe(false);
  });

  test('is deleted with its device or its customer, and leaves no item in the table', async () => {
    const [one, other] = [await createCustomer(), await createCustomer('web')];
    await world.call(destroyDevice, { token: one.access, params: { registration_id: one.token } });
    await world.call(deleteCustomer, { token: other.access });
    await changes.follow();
    expect([getEndpoint(one.token), getEndpoint(other.token)]).toEqual([undefined, undefined]);
    const partitions = [one, other].map(({ token }) => pushEndpointKey(token).pk);
    expect((await world.items()).filter(({ pk }) => partitions.includes(String(pk)))).toEqual([]);
  });

  test('is deleted when its device is removed at the device limit', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '1' });
    const { access, token } = await createCustomer();
    expect(getEndpoint(token)?.enabled).toBe(true);
    await register(access, { registration_id: newToken(), type: 'android' });
    await changes.follow();
    expect(getEndpoint(token)).toBeUndefined();
    expect((await register(access, { registration_id: token, type: 'android' })).status).toBe(201);
  });

  test('is replaced when its device changes the push token', async () => {
    const { access, token } = await createCustomer();
    const next = newToken();
    await world.call(updateDevice, {
      token: access,
      params: { registration_id: token },
      body: { registration_id: next },
    });
    await changes.follow();
    expect([getEndpoint(token), getEndpoint(next)?.enabled]).toEqual([undefined, true]);
  });

  test('is replaced when its device changes the platform', async () => {
    const { access, token } = await createCustomer();
    world.advance(1);
    await register(access, { registration_id: token, type: 'web' });
    await changes.follow();
    const created = [...platforms().endpoints.values()].filter((candidate) => candidate.token === token);
    expect(created.map(({ application }) => application)).toEqual([applications.web]);
  });

  test('is kept when a device moves to another customer, in any order of the two changes', async () => {
    for (const order of ['original', 'reversed']) {
      const { token } = await createCustomer();
      const buyer = await signIn(world);
      await register(buyer.access, { registration_id: token, type: 'android' });
      const Records = await changes.take();
      expect(
        (await followUp({ Records: order === 'reversed' ? Records.toReversed() : Records })).batchItemFailures,
      ).toEqual([]);
      expect(getEndpoint(token)?.enabled).toBe(true);
    }
  });

  test('is kept when its token is registered again while the worker processes its deletion', async () => {
    const { access, token } = await createCustomer();
    const buyer = await signIn(world);
    await changes.follow();
    await world.call(destroyDevice, { token: access, params: { registration_id: token } });
    const Records = await changes.take();
    let registered: Promise<unknown> | undefined;
    // The worker has read that no customer holds the token, and is about to delete its push
    // endpoint.
    world.engine.fail((operation) => {
      if (operation === 'DeleteItem')
        registered ??= register(buyer.access, { registration_id: token, type: 'android' });
      return undefined;
    });
    await followUp({ Records });
    expect((await registered) as { status: number }).toMatchObject({ status: 201 });
    await changes.follow();
    expect(getEndpoint(token)?.enabled).toBe(true);
  });

  test('is not created for a platform that is not configured, which is logged once', async () => {
    world.set({ PUSH_WEB_APPLICATION: '' });
    const { access } = await signIn(world);
    await changes.follow();
    platforms().calls = [];
    const lines = await logOf(async () => {
      for (const registration_id of [newToken(), newToken()]) await register(access, { registration_id, type: 'web' });
      await changes.follow();
    });
    expect(platforms().calls).toEqual([]);
    expect(lines.filter((line) => line.includes('push_platform_not_configured'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('"level":"ERROR"'))).toEqual([]);
  });

  test.each([['throttling'], ['quota'], ['internal_error']] as const)(
    'is created by a retry after %s',
    async (fault) => {
      const { access } = await signIn(world);
      const token = newToken();
      await changes.follow();
      expect((await register(access, { registration_id: token, type: 'ios' })).status).toBe(201);
      const Records = await changes.take();
      world.sandbox.faults[fault] = true;
      expect((await followUp({ Records })).batchItemFailures).toHaveLength(1);
      world.sandbox.faults[fault] = false;
      expect((await followUp({ Records })).batchItemFailures).toEqual([]);
      expect(getEndpoint(token)?.enabled).toBe(true);
    },
  );

  test('does not delay a sign-in when SNS throttles', async () => {
    world.sandbox.faults.quota = true;
    const phone = world.phone();
    world.sandbox.faults.quota = false;
    const code = await requestOtp(world, phone);
    world.sandbox.faults.quota = true;
    expect((await authenticateWith(world, phone, code)).status).toBe(201);
  });
});

describe('a push', () => {
  test.each([['android'], ['ios'], ['web']] as const)(
    'to %s has the format that its platform documents',
    async (type) => {
      const { id, token } = await createCustomer(type);
      const data = { deep_link: 'https://shop.example.com/orders/7', order: '7' };
      const notification = await notifyOf(id, { type: 'product_ordered', title: 'شكرًا', body: 'Order "7"\n☑️', data });
      await news.follow();
      const [payload] = listPushes(token);
      const full = { ...data, notification_id: String(notification), notification_type: 'product_ordered' };
      expect(payload).toMatchObject({
        title: 'شكرًا',
        body: 'Order "7"\n☑️',
        data: full,
        badge: type === 'web' ? null : 1,
      });
      if (type === 'ios') {
        expect(ApnsPayload.parse(payload?.message).aps.alert.title).toBe('شكرًا');
        expect(payload?.attributes).toEqual({
          'AWS.SNS.MOBILE.APNS_SANDBOX.TTL': '86400',
          'AWS.SNS.MOBILE.APNS.PUSH_TYPE': 'alert',
          'AWS.SNS.MOBILE.APNS.PRIORITY': '10',
          'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': String(notification),
        });
      } else {
        const { message } = FcmPayload.parse(payload?.message).fcmV1Message;
        expect(message.android?.ttl ?? message.webpush?.headers.TTL).toBe(type === 'android' ? '86400s' : '86400');
        expect(message.webpush?.fcm_options?.link).toBe(type === 'web' ? data.deep_link : undefined);
      }
    },
  );

  test.each([
    ['android', 'ا'.repeat(4_000)],
    ['ios', '👩‍👩‍👧‍👦'.repeat(800)],
    ['web', `${'\u0001'.repeat(900)}${'e\u0301'.repeat(900)}`],
    ['ios', 'x'.repeat(100_000)],
    ['android', `e${'\u0301'.repeat(4_000)}`],
  ] as const)('to %s is truncated after a whole grapheme if it is too long', async (type, body) => {
    const { id, token } = await createCustomer(type);
    const data = { note: 'ن'.repeat(500) };
    await notifyOf(id, { title: '"'.repeat(255), body, data });
    await news.follow();
    const [payload] = listPushes(token);
    expect(Buffer.byteLength(JSON.stringify(payload?.message))).toBeLessThanOrEqual(4_096);
    const text = String(payload?.body);
    expect(text.endsWith('…')).toBe(true);
    const splitGraphemes = (value: string) => Array.from(new Intl.Segmenter().segment(value), ({ segment }) => segment);
    const kept = splitGraphemes(text.slice(0, -1));
    expect(splitGraphemes(body).slice(0, kept.length)).toEqual(kept);
    // One more grapheme would exceed the limit.
    const next = splitGraphemes(body)[kept.length] ?? '';
    const size = Buffer.byteLength(JSON.stringify(payload?.message)) + Buffer.byteLength(JSON.stringify(next)) - 2;
    expect(size).toBeGreaterThan(4_096);
  });

  test('reaches every active device once, with the number of unread notifications', async () => {
    const { access, id, token } = await createCustomer();
    const [second, inactive] = [newToken(), newToken()];
    await register(access, { registration_id: second, type: 'ios' });
    await register(access, { registration_id: inactive, type: 'ios', active: false });
    await notifyOf(id);
    await news.follow();
    world.advance(1);
    await notifyOf(id);
    await news.follow();
    const listBadges = (to: string) => listPushes(to).map(({ badge }) => badge);
    expect([listBadges(token), listBadges(second), listBadges(inactive)]).toEqual([[2, 1], [2, 1], []]);
  });

  test('is sent once when workers process the same batch twice, in parallel or in sequence', async () => {
    const { id, token } = await createCustomer();
    for (let index = 0; index < 5; index++) await notifyOf(id);
    const Records = await news.take();
    expect(Records).toHaveLength(5);
    const runs = await Promise.all([deliverPush({ Records }), deliverPush({ Records })]);
    expect(runs.map(({ batchItemFailures }) => batchItemFailures)).toEqual([[], []]);
    await deliverPush({ Records });
    expect(listPushes(token)).toHaveLength(5);
  });

  test('is not delayed by an invalid record, and only that record is reported as failed', async () => {
    const [one, other] = [await createCustomer(), await createCustomer()];
    for (const { id } of [one, one, other]) await notifyOf(id);
    const [first, ...rest] = await news.take();
    const invalid = structuredClone(first);
    Object.assign(invalid?.dynamodb ?? {}, { SequenceNumber: 'invalid' });
    delete invalid?.dynamodb?.NewImage?.title;
    // The invalid record is a change of the same item as the next record.
    const Records = [invalid, first, ...rest].flatMap((record) => record ?? []);
    expect(Records).toHaveLength(4);
    expect(await deliverPush({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: 'invalid' }] });
    expect([listPushes(one.token), listPushes(other.token)].map(({ length }) => length)).toEqual([2, 1]);
  });

  test('is delivered to at most twenty devices of a customer in parallel', async () => {
    const { access, id } = await createCustomer();
    for (let index = 0; index < 29; index++) await register(access, { registration_id: newToken(), type: 'android' });
    while ((await changes.follow()) > 0);
    await notifyOf(id);
    const before = world.sandbox.messages.list().length;
    let [started, startedBeforeFirstEnd, rejections] = [0, 0, 0];
    world.engine.fail((operation, body) => {
      if (operation === 'BatchGetItem' && body.includes('"ENDPOINT"')) started += 1;
      // No delivery can complete until many workers have attempted to record theirs.
      if (!body.includes('pushedTo') || rejections === 100) return undefined;
      rejections += 1;
      startedBeforeFirstEnd = started;
      return { status: 400, type: 'TransactionConflictException' };
    });
    await news.follow();
    expect(world.sandbox.messages.list()).toHaveLength(before + 30);
    expect({ started, startedBeforeFirstEnd }).toEqual({ started: 30, startedBeforeFirstEnd: 20 });
  });

  test('arrives once while SNS throttles one call in ten', async () => {
    const customers = await Promise.all(Array.from({ length: 12 }, () => createCustomer()));
    world.sandbox.faults.throttling = 0.1;
    for (const { id } of customers) await notifyOf(id);
    await news.follow();
    expect(customers.map(({ token }) => listPushes(token).length)).toEqual(Array(12).fill(1));
  });

  test('is retried only for the devices that it did not reach', async () => {
    const { access, id, token } = await createCustomer();
    const second = newToken();
    await register(access, { registration_id: second, type: 'android' });
    await changes.follow();
    await notifyOf(id);
    const Records = await news.take();
    const unreachable = platforms().endpointOf(second)?.arn ?? '';
    world.sandbox.faults.unreachable = [unreachable];
    expect((await deliverPush({ Records })).batchItemFailures).toHaveLength(1);
    expect([listPushes(token).length, listPushes(second).length]).toEqual([1, 0]);
    world.sandbox.faults.unreachable = [];
    expect((await deliverPush({ Records })).batchItemFailures).toEqual([]);
    expect([listPushes(token).length, listPushes(second).length]).toEqual([1, 1]);
  });

  test('is repeated after a crash before its record was written, and replaces the first on the device', async () => {
    const { id, token } = await createCustomer();
    await notifyOf(id);
    const Records = await news.take();
    world.engine.fail((_, body) =>
      body.includes('pushedTo') ? { status: 400, type: 'AccessDeniedException' } : undefined,
    );
    expect((await deliverPush({ Records })).batchItemFailures).toHaveLength(1);
    world.engine.heal();
    world.advance(61);
    expect((await deliverPush({ Records })).batchItemFailures).toEqual([]);
    const tags = listPushes(token).map(
      ({ message }) => FcmPayload.parse(message).fcmV1Message.message.android?.notification.tag,
    );
    expect(tags).toHaveLength(2);
    expect(new Set(tags).size).toBe(1);
  });

  test('is not sent to a device that moves to another customer during the delivery', async () => {
    const { id, token } = await createCustomer();
    const buyer = await signIn(world);
    await notifyOf(id);
    const Records = await news.take();
    // The worker has read the list of devices, and acquires the lease.
    const moved = runBeforeWrite('takenUntilMs', () =>
      register(buyer.access, { registration_id: token, type: 'android' }),
    );
    await deliverPush({ Records });
    await moved;
    expect(listPushes(token)).toEqual([]);
  });

  test('creates a missing or deleted push endpoint first', async () => {
    const { id, access } = await createCustomer();
    const token = newToken();
    await register(access, { registration_id: token, type: 'ios' });
    await notifyOf(id);
    await news.follow();
    platforms().endpoints.clear();
    await notifyOf(id);
    await news.follow();
    expect(listPushes(token)).toHaveLength(2);
  });

  test('to an uninstalled app deactivates the device until the app registers it again', async () => {
    const { id, access, token } = await createCustomer();
    const getDevice = async () =>
      (await world.call(retrieveDevice, { token: access, params: { registration_id: token } })).body;
    world.sandbox.faults.uninstalled = [token];
    for (let index = 0; index < 2; index++) {
      await notifyOf(id);
      await news.follow();
    }
    expect(await getDevice()).toMatchObject({ active: false });
    await changes.follow();
    world.sandbox.faults.uninstalled = [];
    world.advance(1);
    await register(access, { registration_id: token, type: 'android' });
    await changes.follow();
    await notifyOf(id);
    await news.follow();
    expect([(await getDevice()).active, listPushes(token).length]).toEqual([true, 1]);
  });

  test('does not deactivate a device that its app has registered again in parallel', async () => {
    const { id, access, token } = await createCustomer();
    Object.assign(platforms().endpointOf(token) ?? {}, { enabled: false });
    await notifyOf(id);
    const Records = await news.take();
    let registered: Promise<unknown> | undefined;
    world.engine.fail((operation, body) => {
      if (operation !== 'UpdateItem' || registered || !body.includes('DEVICE#')) return undefined;
      world.advance(1);
      registered = register(access, { registration_id: token, type: 'android' });
      return { status: 400, type: 'TransactionConflictException' };
    });
    const delivered = deliverPush({ Records });
    while (!registered) await setImmediate();
    await registered;
    await delivered;
    const { body } = await world.call(retrieveDevice, { token: access, params: { registration_id: token } });
    expect(body.active).toBe(true);
  });

  test.each<[string, (own: { access: string; id: number; notification: number }) => Promise<unknown>]>([
    [
      'it is marked as read',
      ({ access, notification }) =>
        world.call(readNotification, { token: access, params: { id: String(notification) } }),
    ],
    [
      'it is deleted',
      ({ access, notification }) =>
        world.call(deleteNotification, { token: access, params: { id: String(notification) } }),
    ],
    ['all are marked as read', ({ access }) => world.call(readAll, { token: access })],
    ['all are deleted', ({ access }) => world.call(bulkDelete, { token: access })],
    ['the customer is deleted', ({ access }) => world.call(deleteCustomer, { token: access })],
    ['the customer logs out', ({ access }) => world.call(logoutAllDevices, { token: access })],
    ['it expires', async () => world.advance(86_400)],
  ])('is not sent after %s', async (_, run) => {
    const { access, id, token } = await createCustomer();
    await run({ access, id, notification: await notifyOf(id) });
    await news.follow();
    expect(listPushes(token)).toEqual([]);
  });

  test('of a type that the customer has disabled is not sent, but stays in the list', async () => {
    const { access, id, token } = await createCustomer();
    await world.call(updatePreferences, { token: access, body: { push: { other: false } } });
    await notifyOf(id, { title: 'Sale' });
    await notifyOf(id, { title: 'Order', type: 'product_ordered' });
    await news.follow();
    expect(listPushes(token).map(({ title }) => title)).toEqual(['Order']);
    expect((await world.call(listNotifications, { token: access })).body.results).toHaveLength(2);
  });

  test("is not sent in quiet hours of the customer's time zone", async () => {
    const { access, id, token } = await createCustomer();
    const now = new Date(Date.now() + 5.5 * 3_600_000).toISOString().slice(11, 16);
    const later = new Date(Date.now() + 6.5 * 3_600_000).toISOString().slice(11, 16);
    const setZone = (time_zone: string) =>
      world.call(updatePreferences, { token: access, body: { time_zone, quiet_hours: { start: now, end: later } } });
    await setZone('Asia/Kolkata');
    await notifyOf(id, { title: 'quiet' });
    await news.follow();
    await setZone('Asia/Dubai');
    await notifyOf(id, { title: 'loud' });
    await news.follow();
    expect(listPushes(token).map(({ title }) => title)).toEqual(['loud']);
  });

  test('logs no phone number, push token or text', async () => {
    const { id, token, phone } = await createCustomer();
    const lines = await logOf(async () => {
      await notifyOf(id, { title: 'secret-title', body: 'secret-body' });
      await news.follow();
      world.sandbox.faults.internal_error = true;
      await notifyOf(id, { title: 'secret-title', body: 'secret-body' });
      await deliverPush({ Records: await news.take() });
    });
    expect(lines.some((line) => line.includes('push_delivered'))).toBe(true);
    for (const secret of [token, phone, 'secret-']) expect(lines.join('\n')).not.toContain(secret);
  });
});

describe('a push and its endpoint', () => {
  test('reaches a device whose next customer signs in before its endpoint is enabled again', async () => {
    const { access, token } = await createCustomer();
    await world.call(logoutAllDevices, { token: access });
    await changes.follow();
    expect(platforms().endpointOf(token)?.enabled).toBe(false);
    const buyer = await signIn(world, { registrationId: token });
    await notifyOf(buyer.customer.id);
    await news.follow();
    expect(listPushes(token)).toHaveLength(1);
    const { body } = await world.call(retrieveDevice, { token: buyer.access, params: { registration_id: token } });
    expect(body.active).toBe(true);
  });

  test('is not sent to a device that moves to another customer while SNS throttles', async () => {
    const { id, token } = await createCustomer();
    const buyer = await signIn(world);
    await notifyOf(id);
    const Records = await news.take();
    world.sandbox.faults.throttling = true;
    const move = jest.fn(() => register(buyer.access, { registration_id: token, type: 'android' }));
    world.beforeResponse('sns:Publish endpoint', move);
    expect(await deliverPush({ Records })).toEqual({ batchItemFailures: [] });
    expect(move).toHaveBeenCalledTimes(1);
    expect(listPushes(token)).toEqual([]);
  });

  test.each<[string, (access: string) => Promise<unknown>]>([
    ['the customer is deleted', (access) => world.call(deleteCustomer, { token: access })],
    ['all notifications are deleted', (access) => world.call(bulkDelete, { token: access })],
  ])('is not retried after %s', async (_, run) => {
    const { access, id, token } = await createCustomer();
    await notifyOf(id);
    const Records = await news.take();
    world.sandbox.faults.throttling = true;
    const action = jest.fn(() => run(access));
    world.beforeResponse('sns:Publish endpoint', action);
    expect(await deliverPush({ Records })).toEqual({ batchItemFailures: [] });
    expect(action).toHaveBeenCalledTimes(1);
    expect(listPushes(token)).toEqual([]);
  });

  test('leaves nothing in SNS or the table when the customer is deleted while an endpoint is created', async () => {
    const { access, id, token } = await createCustomer();
    platforms().endpoints.clear();
    await notifyOf(id);
    const Records = await news.take();
    const erased = runBeforeWrite('ENDPOINT', () => eraseCustomer(access));
    await deliverPush({ Records });
    await erased;
    await changes.follow();
    expect(platforms().endpointOf(token)).toBeUndefined();
    expect(listPushes(token)).toEqual([]);
    expect((await world.partition(`CUSTOMER#${id}`)).map(({ sk }) => sk)).toEqual(['WALLET']);
    expect(await world.partition(pushEndpointKey(token).pk)).toEqual([]);
  });

  test('is not started for a customer who was deleted in parallel', async () => {
    const { access, id } = await createCustomer();
    await notifyOf(id);
    const Records = await news.take();
    const erased = runBeforeWrite('takenUntilMs', () => eraseCustomer(access));
    await deliverPush({ Records });
    await erased;
    expect((await world.partition(`CUSTOMER#${id}`)).map(({ sk }) => sk)).toEqual(['WALLET']);
  });

  test('is not sent to a platform that is no longer configured', async () => {
    const { access, id, token } = await createCustomer();
    world.set({ PUSH_ANDROID_APPLICATION: '', PUSH_WEB_APPLICATION: '' });
    await notifyOf(id);
    await news.follow();
    expect(listPushes(token)).toEqual([]);
    world.advance(1);
    await register(access, { registration_id: token, type: 'web' });
    await changes.follow();
    expect(platforms().endpointOf(token)).toBeUndefined();
  });

  test('is recorded for each device separately, so a failure does not repeat the others', async () => {
    const { access, id, token } = await createCustomer();
    const second = newToken();
    await register(access, { registration_id: second, type: 'android' });
    await changes.follow();
    await notifyOf(id);
    const Records = await news.take();
    world.sandbox.faults.unreachable = [platforms().endpointOf(second)?.arn ?? ''];
    const delivered = deliverPush({ Records });
    while (listPushes(token).length === 0) await setImmediate();
    const isRecorded = async () => (await world.partition(`CUSTOMER#${id}`)).some(({ pushedTo }) => pushedTo);
    while (!(await isRecorded())) await setImmediate();
    world.sandbox.faults.unreachable = [];
    await delivered;
    expect([listPushes(token).length, listPushes(second).length]).toEqual([1, 1]);
  });

  test('leaves the endpoint in the state of the last change of the device', async () => {
    const { access, token } = await createCustomer();
    world.advance(1);
    await register(access, { registration_id: token, type: 'android' });
    const Records = await changes.take();
    let loggedOut: Promise<unknown> | undefined;
    // The worker has read an active device, and is about to record that its push endpoint is
    // enabled.
    world.engine.fail((operation, body) => {
      if (operation !== 'PutItem' || loggedOut || !body.includes('ENDPOINT')) return undefined;
      loggedOut = world
        .call(logoutAllDevices, { token: access })
        .then(async () => followUp({ Records: await changes.take() }));
      return { status: 400, type: 'TransactionConflictException' };
    });
    const followed = followUp({ Records });
    while (!loggedOut) await setImmediate();
    await loggedOut;
    await followed;
    expect(platforms().endpointOf(token)?.enabled).toBe(false);
  });
});

describe('a cleared inbox', () => {
  const listRemaining = async (id: number) =>
    (await world.partition(`CUSTOMER#${id}`))
      .map(({ sk }) => String(sk))
      .filter((sk) => /^(NOTIFICATION#|UNREAD#|CLEARING)/.test(sk));

  test('is emptied in the table, except for later notifications', async () => {
    const { access, id } = await createCustomer();
    for (let index = 0; index < 30; index++) await notifyOf(id);
    await world.call(bulkDelete, { token: access });
    world.advance(1);
    await notifyOf(id);
    expect(await listRemaining(id)).toHaveLength(63);
    await changes.follow();
    expect(await listRemaining(id)).toHaveLength(2);
    expect((await world.call(listNotifications, { token: access })).body.results).toHaveLength(1);
  });

  test('is emptied after an interruption of the worker at any call', async () => {
    for (let failing = 1; ; failing++) {
      const { access, id } = await createCustomer();
      await notifyOf(id);
      await world.call(bulkDelete, { token: access });
      const Records = await changes.take();
      let calls = 0;
      world.engine.fail(() => {
        calls += 1;
        return calls === failing ? { status: 400, type: 'AccessDeniedException' } : undefined;
      });
      const { batchItemFailures } = await followUp({ Records });
      world.engine.heal();
      await followUp({ Records });
      expect(await listRemaining(id)).toEqual([]);
      if (batchItemFailures.length === 0) break;
      expect(failing).toBeLessThan(20);
    }
  });

  test('keeps the marker of a second clearing that happens while it is emptied', async () => {
    const { access, id } = await createCustomer();
    await notifyOf(id);
    await world.call(bulkDelete, { token: access });
    const Records = await changes.take();
    let again: Promise<unknown> | undefined;
    world.engine.fail((operation, body) => {
      if (operation !== 'DeleteItem' || again || !body.includes('CLEARING')) return undefined;
      again = world.call(bulkDelete, { token: access });
      return { status: 400, type: 'TransactionConflictException' };
    });
    const followed = followUp({ Records });
    while (!again) await setImmediate();
    await again;
    await followed;
    expect(await listRemaining(id)).toEqual(['CLEARING']);
    await changes.follow();
    expect(await listRemaining(id)).toEqual([]);
  });
});
