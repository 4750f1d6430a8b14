import { setImmediate } from 'node:timers/promises';
import { jest } from '@jest/globals';
import * as z from 'zod';
import type { Device } from '../../lib/devices/deviceSchema.ts';
import { pushEndpointKey } from '../../lib/table/keys.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { logOf } from '../../lib/testing/stage/log.ts';
import { notifyOf } from '../../lib/testing/stage/notifications.ts';
import { authenticateWith, requestCode, signIn } from '../../lib/testing/stage/signIn.ts';
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
/** Takes the events that an interrupted test has left, so that the next test does not get them. */
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
const pushesTo = (token: string) => world.sandbox.messages.list(token).map(({ payload }) => payload);
const register = (access: string, device: Partial<Device>) => world.call(createDevice, { token: access, body: device });
const apns = applications.ios.replace('APNS_SANDBOX', 'APNS');
let tokens = 0;
const newToken = () => {
  tokens += 1;
  return `${tokens}:fcm_token-${tokens}.x`;
};

/**
 * Runs an action before the first write that contains this text. Until the action has ended, the
 * table rejects that write.
 */
function beforeWrite(text: string, action: () => Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    let state: 'ahead' | 'playing' | 'over' = 'ahead';
    world.engine.fail((operation, body) => {
      if (!/^(PutItem|TransactWriteItems)$/.test(operation) || !body.includes(text) || state === 'over')
        return undefined;
      if (state === 'ahead') {
        state = 'playing';
        action()
          .finally(() => {
            state = 'over';
          })
          .then(() => resolve(), reject);
      }
      return operation === 'PutItem' ? { status: 400, type: 'TransactionConflictException' } : conflict;
    });
  });
}

async function leave(access: string): Promise<void> {
  await world.call(deleteCustomer, { token: access });
  await changes.follow();
}

/** Signs in a customer whose only device is of this type, with its push endpoint. */
async function customerWith(type: Device['type'] = 'android') {
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
] as const)('the endpoint of a device for %s in %s', (type, application) => {
  const endpoint = (token: string) => platforms().endpointOf(token, application);
  beforeEach(() => {
    world.sandbox.platforms.applications.add(apns);
    world.set({ PUSH_IOS_APPLICATION: type === 'ios' ? application : applications.ios });
  });
  /** Registers a device again, as its app does at every start, and counts the calls to SNS. */
  async function callsToHeal(access: string, token: string): Promise<number> {
    world.advance(1);
    await register(access, { registration_id: token, type });
    platforms().calls = [];
    await changes.follow();
    return platforms().calls.length;
  }
  const current = (token: string) => ({ application, token, enabled: true, customUserData: '' });

  test('is made when the device is registered, in two calls', async () => {
    const { access } = await signIn(world);
    await changes.follow();
    const token = newToken();
    expect(await callsToHeal(access, token)).toBe(2);
    expect(endpoint(token)).toMatchObject(current(token));
  });

  test.each<[string, (token: string) => void]>([
    ['nothing is wrong with it', () => undefined],
    ['it is gone', (token) => platforms().endpoints.delete(endpoint(token)?.arn ?? '')],
    ['it is disabled', (token) => Object.assign(endpoint(token) ?? {}, { enabled: false })],
    ['its token is another one', (token) => Object.assign(endpoint(token) ?? {}, { token: 'other' })],
    [
      'it says something of an owner',
      (token) => Object.assign(endpoint(token) ?? {}, { customUserData: 'customer 7' }),
    ],
    [
      'another endpoint has the token, with other attributes',
      (token) => {
        const own = endpoint(token);
        const arn = `${own?.arn}2`;
        Object.assign(own ?? {}, { token: 'other' });
        platforms().endpoints.set(arn, { arn, application, token, enabled: false, customUserData: 'customer 7' });
      },
    ],
    [
      'it was made anew past us, and is disabled',
      (token) => {
        const own = endpoint(token);
        const arn = `${own?.arn}3`;
        platforms().endpoints.delete(own?.arn ?? '');
        platforms().endpoints.set(arn, { arn, application, token, enabled: false, customUserData: '' });
      },
    ],
  ])('is current and enabled after the next registration when %s', async (_, spoil) => {
    const { access, token } = await customerWith(type);
    spoil(token);
    expect(await callsToHeal(access, token)).toBeLessThanOrEqual(3);
    expect(endpoint(token)).toMatchObject(current(token));
    await notifyOf((await signInAgain(access)).id);
    await news.follow();
    expect(pushesTo(token)).toHaveLength(1);
  });

  const signInAgain = async (access: string) => (await world.call(getCustomer, { token: access })).body;
});

describe('the endpoint', () => {
  const endpoint = (token: string) => platforms().endpointOf(token);
  const errorsOf = async (story: () => Promise<unknown>) =>
    (await logOf(story)).filter((line) => line.includes('"level":"ERROR"'));

  test('is one, and no error is seen, when a device is registered a hundred times', async () => {
    const { access } = await signIn(world);
    const token = newToken();
    const errors = await errorsOf(async () => {
      const responses = await Promise.all(
        Array.from({ length: 100 }, () => register(access, { registration_id: token, type: 'android' })),
      );
      expect(responses.filter(({ status }) => status >= 300)).toEqual([]);
      await changes.follow();
    });
    expect(errors).toEqual([]);
    const made = [...platforms().endpoints.values()].filter((candidate) => candidate.token === token);
    expect(made).toMatchObject([{ enabled: true }]);
  });

  test('is disabled with its device, and enabled with it', async () => {
    const { access, token } = await customerWith();
    const setActive = async (active: boolean) => {
      world.advance(1);
      await world.call(updateDevice, { token: access, params: { registration_id: token }, body: { active } });
      await changes.follow();
      return endpoint(token)?.enabled;
    };
    expect([await setActive(false), await setActive(true)]).toEqual([false, true]);
  });

  test('is disabled by a logout', async () => {
    const { access, token } = await customerWith();
    expect((await world.call(logoutAllDevices, { token: access })).status).toBe(204);
    await changes.follow();
    expect(endpoint(token)?.enabled).toBe(false);
  });

  test('is deleted with its device, and with its customer, and nothing of it stays in the table', async () => {
    const [one, other] = [await customerWith(), await customerWith('web')];
    await world.call(destroyDevice, { token: one.access, params: { registration_id: one.token } });
    await world.call(deleteCustomer, { token: other.access });
    await changes.follow();
    expect([endpoint(one.token), endpoint(other.token)]).toEqual([undefined, undefined]);
    const partitions = [one, other].map(({ token }) => pushEndpointKey(token).pk);
    expect((await world.items()).filter(({ pk }) => partitions.includes(String(pk)))).toEqual([]);
  });

  test('is deleted with a device that makes room for another one', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '1' });
    const { access, token } = await customerWith();
    expect(endpoint(token)?.enabled).toBe(true);
    await register(access, { registration_id: newToken(), type: 'android' });
    await changes.follow();
    expect(endpoint(token)).toBeUndefined();
    expect((await register(access, { registration_id: token, type: 'android' })).status).toBe(201);
  });

  test('follows its device to another token', async () => {
    const { access, token } = await customerWith();
    const next = newToken();
    await world.call(updateDevice, {
      token: access,
      params: { registration_id: token },
      body: { registration_id: next },
    });
    await changes.follow();
    expect([endpoint(token), endpoint(next)?.enabled]).toEqual([undefined, true]);
  });

  test('follows its device to another platform', async () => {
    const { access, token } = await customerWith();
    world.advance(1);
    await register(access, { registration_id: token, type: 'web' });
    await changes.follow();
    const made = [...platforms().endpoints.values()].filter((candidate) => candidate.token === token);
    expect(made.map(({ application }) => application)).toEqual([applications.web]);
  });

  test('stays when a phone changes hands, in whatever order the two changes are followed', async () => {
    for (const order of ['as it was', 'reversed']) {
      const { token } = await customerWith();
      const buyer = await signIn(world);
      await register(buyer.access, { registration_id: token, type: 'android' });
      const Records = await changes.take();
      expect(
        (await followUp({ Records: order === 'reversed' ? Records.toReversed() : Records })).batchItemFailures,
      ).toEqual([]);
      expect(endpoint(token)?.enabled).toBe(true);
    }
  });

  test('stays when the token is registered anew while its deletion is followed', async () => {
    const { access, token } = await customerWith();
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
    expect(endpoint(token)?.enabled).toBe(true);
  });

  test('is not asked for where the platform is not configured, which is said once', async () => {
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
    'is made after all when %s is over',
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
      expect(endpoint(token)?.enabled).toBe(true);
    },
  );

  test('is nothing that a login waits for', async () => {
    world.sandbox.faults.quota = true;
    const phone = world.phone();
    world.sandbox.faults.quota = false;
    const code = await requestCode(world, phone);
    world.sandbox.faults.quota = true;
    expect((await authenticateWith(world, phone, code)).status).toBe(201);
  });
});

describe('a push', () => {
  test.each([['android'], ['ios'], ['web']] as const)('reaches %s as its platform documents it', async (type) => {
    const { id, token } = await customerWith(type);
    const data = { deep_link: 'https://shop.example.com/orders/7', order: '7' };
    const notification = await notifyOf(id, { type: 'product_ordered', title: 'شكرًا', body: 'Order "7"\n☑️', data });
    await news.follow();
    const [payload] = pushesTo(token);
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
  });

  test.each([
    ['android', 'ا'.repeat(4_000)],
    ['ios', '👩‍👩‍👧‍👦'.repeat(800)],
    ['web', `${'\u0001'.repeat(900)}${'e\u0301'.repeat(900)}`],
    ['ios', 'x'.repeat(100_000)],
    ['android', `e${'\u0301'.repeat(4_000)}`],
  ] as const)('to %s is cut behind a whole letter where it is too long', async (type, body) => {
    const { id, token } = await customerWith(type);
    const data = { note: 'ن'.repeat(500) };
    await notifyOf(id, { title: '"'.repeat(255), body, data });
    await news.follow();
    const [payload] = pushesTo(token);
    expect(Buffer.byteLength(JSON.stringify(payload?.message))).toBeLessThanOrEqual(4_096);
    const shown = String(payload?.body);
    expect(shown.endsWith('…')).toBe(true);
    const graphemes = (text: string) => Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
    const kept = graphemes(shown.slice(0, -1));
    expect(graphemes(body).slice(0, kept.length)).toEqual(kept);
    // One more grapheme would not have fitted.
    const next = graphemes(body)[kept.length] ?? '';
    const size = Buffer.byteLength(JSON.stringify(payload?.message)) + Buffer.byteLength(JSON.stringify(next)) - 2;
    expect(size).toBeGreaterThan(4_096);
  });

  test('reaches every active device once, with the number of unread notifications', async () => {
    const { access, id, token } = await customerWith();
    const [second, silent] = [newToken(), newToken()];
    await register(access, { registration_id: second, type: 'ios' });
    await register(access, { registration_id: silent, type: 'ios', active: false });
    await notifyOf(id);
    await news.follow();
    world.advance(1);
    await notifyOf(id);
    await news.follow();
    const badges = (to: string) => pushesTo(to).map(({ badge }) => badge);
    expect([badges(token), badges(second), badges(silent)]).toEqual([[2, 1], [2, 1], []]);
  });

  test('is sent once when the worker runs twice on the same batch, one after another or at once', async () => {
    const { id, token } = await customerWith();
    for (let index = 0; index < 5; index++) await notifyOf(id);
    const Records = await news.take();
    expect(Records).toHaveLength(5);
    const runs = await Promise.all([deliverPush({ Records }), deliverPush({ Records })]);
    expect(runs.map(({ batchItemFailures }) => batchItemFailures)).toEqual([[], []]);
    await deliverPush({ Records });
    expect(pushesTo(token)).toHaveLength(5);
  });

  test('is not held up by a poisoned record, which is the only one to be reported', async () => {
    const [one, other] = [await customerWith(), await customerWith()];
    for (const { id } of [one, one, other]) await notifyOf(id);
    const [first, ...rest] = await news.take();
    const poison = structuredClone(first);
    Object.assign(poison?.dynamodb ?? {}, { SequenceNumber: 'poison' });
    delete poison?.dynamodb?.NewImage?.title;
    // The poison is a change of the same item as the next record.
    const Records = [poison, first, ...rest].flatMap((record) => record ?? []);
    expect(Records).toHaveLength(4);
    expect(await deliverPush({ Records })).toEqual({ batchItemFailures: [{ itemIdentifier: 'poison' }] });
    expect([pushesTo(one.token), pushesTo(other.token)].map(({ length }) => length)).toEqual([2, 1]);
  });

  test('reaches no more than twenty devices of a customer side by side', async () => {
    const { access, id } = await customerWith();
    for (let index = 0; index < 29; index++) await register(access, { registration_id: newToken(), type: 'android' });
    while ((await changes.follow()) > 0);
    await notifyOf(id);
    const before = world.sandbox.messages.list().length;
    let [begun, begunBeforeOneEnded, rejections] = [0, 0, 0];
    world.engine.fail((operation, body) => {
      if (operation === 'BatchGetItem' && body.includes('"ENDPOINT"')) begun += 1;
      // No delivery can end until many workers have attempted to record theirs.
      if (!body.includes('pushedTo') || rejections === 100) return undefined;
      rejections += 1;
      begunBeforeOneEnded = begun;
      return { status: 400, type: 'TransactionConflictException' };
    });
    await news.follow();
    expect(world.sandbox.messages.list()).toHaveLength(before + 30);
    expect({ begun, begunBeforeOneEnded }).toEqual({ begun: 30, begunBeforeOneEnded: 20 });
  });

  test('arrives, once, while SNS throttles one call in ten', async () => {
    const customers = await Promise.all(Array.from({ length: 12 }, () => customerWith()));
    world.sandbox.faults.throttling = 0.1;
    for (const { id } of customers) await notifyOf(id);
    await news.follow();
    expect(customers.map(({ token }) => pushesTo(token).length)).toEqual(Array(12).fill(1));
  });

  test('arrives on the devices it had not reached when SNS works again, and on no other', async () => {
    const { access, id, token } = await customerWith();
    const second = newToken();
    await register(access, { registration_id: second, type: 'android' });
    await changes.follow();
    await notifyOf(id);
    const Records = await news.take();
    const spoiled = platforms().endpointOf(second)?.arn ?? '';
    world.sandbox.faults.unreachable = [spoiled];
    expect((await deliverPush({ Records })).batchItemFailures).toHaveLength(1);
    expect([pushesTo(token).length, pushesTo(second).length]).toEqual([1, 0]);
    world.sandbox.faults.unreachable = [];
    expect((await deliverPush({ Records })).batchItemFailures).toEqual([]);
    expect([pushesTo(token).length, pushesTo(second).length]).toEqual([1, 1]);
  });

  test('is repeated after a crash between its publication and its record, in the place of the first', async () => {
    const { id, token } = await customerWith();
    await notifyOf(id);
    const Records = await news.take();
    world.engine.fail((_, body) =>
      body.includes('pushedTo') ? { status: 400, type: 'AccessDeniedException' } : undefined,
    );
    expect((await deliverPush({ Records })).batchItemFailures).toHaveLength(1);
    world.engine.heal();
    world.advance(61);
    expect((await deliverPush({ Records })).batchItemFailures).toEqual([]);
    const tags = pushesTo(token).map(
      ({ message }) => FcmPayload.parse(message).fcmV1Message.message.android?.notification.tag,
    );
    expect(tags).toHaveLength(2);
    expect(new Set(tags).size).toBe(1);
  });

  test('does not show on a phone that changes hands in the middle of the send', async () => {
    const { id, token } = await customerWith();
    const buyer = await signIn(world);
    await notifyOf(id);
    const Records = await news.take();
    // The worker has the list of devices by then, and acquires the lease.
    const sold = beforeWrite('takenUntilMs', () => register(buyer.access, { registration_id: token, type: 'android' }));
    await deliverPush({ Records });
    await sold;
    expect(pushesTo(token)).toEqual([]);
  });

  test('goes through an endpoint that is made on the way when there is none yet, or none any more', async () => {
    const { id, access } = await customerWith();
    const token = newToken();
    await register(access, { registration_id: token, type: 'ios' });
    await notifyOf(id);
    await news.follow();
    platforms().endpoints.clear();
    await notifyOf(id);
    await news.follow();
    expect(pushesTo(token)).toHaveLength(2);
  });

  test('to an app that is gone deactivates the device, until the app is back', async () => {
    const { id, access, token } = await customerWith();
    const device = async () =>
      (await world.call(retrieveDevice, { token: access, params: { registration_id: token } })).body;
    world.sandbox.faults.uninstalled = [token];
    for (let index = 0; index < 2; index++) {
      await notifyOf(id);
      await news.follow();
    }
    expect(await device()).toMatchObject({ active: false });
    await changes.follow();
    world.sandbox.faults.uninstalled = [];
    world.advance(1);
    await register(access, { registration_id: token, type: 'android' });
    await changes.follow();
    await notifyOf(id);
    await news.follow();
    expect([(await device()).active, pushesTo(token).length]).toEqual([true, 1]);
  });

  test('does not deactivate a device whose app came back in the meantime', async () => {
    const { id, access, token } = await customerWith();
    Object.assign(platforms().endpointOf(token) ?? {}, { enabled: false });
    await notifyOf(id);
    const Records = await news.take();
    let back: Promise<unknown> | undefined;
    world.engine.fail((operation, body) => {
      if (operation !== 'UpdateItem' || back || !body.includes('DEVICE#')) return undefined;
      world.advance(1);
      back = register(access, { registration_id: token, type: 'android' });
      return { status: 400, type: 'TransactionConflictException' };
    });
    const delivered = deliverPush({ Records });
    while (!back) await setImmediate();
    await back;
    await delivered;
    const { body } = await world.call(retrieveDevice, { token: access, params: { registration_id: token } });
    expect(body.active).toBe(true);
  });

  test.each<[string, (own: { access: string; id: number; notification: number }) => Promise<unknown>]>([
    [
      'it was read',
      ({ access, notification }) =>
        world.call(readNotification, { token: access, params: { id: String(notification) } }),
    ],
    [
      'it was deleted',
      ({ access, notification }) =>
        world.call(deleteNotification, { token: access, params: { id: String(notification) } }),
    ],
    ['all were read', ({ access }) => world.call(readAll, { token: access })],
    ['all were deleted', ({ access }) => world.call(bulkDelete, { token: access })],
    ['the customer left', ({ access }) => world.call(deleteCustomer, { token: access })],
    ['the customer logged out', ({ access }) => world.call(logoutAllDevices, { token: access })],
    ['it expired', async () => world.advance(86_400)],
  ])('is not sent any more when %s', async (_, story) => {
    const { access, id, token } = await customerWith();
    await story({ access, id, notification: await notifyOf(id) });
    await news.follow();
    expect(pushesTo(token)).toEqual([]);
  });

  test('is not sent for a type that the customer does not want, and stays in the list', async () => {
    const { access, id, token } = await customerWith();
    await world.call(updatePreferences, { token: access, body: { push: { other: false } } });
    await notifyOf(id, { title: 'Sale' });
    await notifyOf(id, { title: 'Order', type: 'product_ordered' });
    await news.follow();
    expect(pushesTo(token).map(({ title }) => title)).toEqual(['Order']);
    expect((await world.call(listNotifications, { token: access })).body.results).toHaveLength(2);
  });

  test("is not sent in quiet hours, by the clock of the customer's time zone", async () => {
    const { access, id, token } = await customerWith();
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
    expect(pushesTo(token).map(({ title }) => title)).toEqual(['loud']);
  });

  test('says nothing of a customer, a token or a text in the log', async () => {
    const { id, token, phone } = await customerWith();
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

describe('a push and the endpoint it goes through', () => {
  test('does not silence a phone that was signed in anew before its endpoint was enabled again', async () => {
    const { access, token } = await customerWith();
    await world.call(logoutAllDevices, { token: access });
    await changes.follow();
    expect(platforms().endpointOf(token)?.enabled).toBe(false);
    const buyer = await signIn(world, { registrationId: token });
    await notifyOf(buyer.customer.id);
    await news.follow();
    expect(pushesTo(token)).toHaveLength(1);
    const { body } = await world.call(retrieveDevice, { token: buyer.access, params: { registration_id: token } });
    expect(body.active).toBe(true);
  });

  test('does not show on a phone that changes hands while SNS is silent', async () => {
    const { id, token } = await customerWith();
    const buyer = await signIn(world);
    await notifyOf(id);
    const Records = await news.take();
    world.sandbox.faults.throttling = true;
    const bought = jest.fn(() => register(buyer.access, { registration_id: token, type: 'android' }));
    world.beforeResponse('sns:Publish endpoint', bought);
    expect(await deliverPush({ Records })).toEqual({ batchItemFailures: [] });
    expect(bought).toHaveBeenCalledTimes(1);
    expect(pushesTo(token)).toEqual([]);
  });

  test.each<[string, (access: string) => Promise<unknown>]>([
    ['the customer left', (access) => world.call(deleteCustomer, { token: access })],
    ['all was deleted', (access) => world.call(bulkDelete, { token: access })],
  ])('is given up when %s between two tries', async (_, story) => {
    const { access, id, token } = await customerWith();
    await notifyOf(id);
    const Records = await news.take();
    world.sandbox.faults.throttling = true;
    const played = jest.fn(() => story(access));
    world.beforeResponse('sns:Publish endpoint', played);
    expect(await deliverPush({ Records })).toEqual({ batchItemFailures: [] });
    expect(played).toHaveBeenCalledTimes(1);
    expect(pushesTo(token)).toEqual([]);
  });

  test('leaves nothing at SNS or in the table when the customer leaves while an endpoint is made', async () => {
    const { access, id, token } = await customerWith();
    platforms().endpoints.clear();
    await notifyOf(id);
    const Records = await news.take();
    const left = beforeWrite('ENDPOINT', () => leave(access));
    await deliverPush({ Records });
    await left;
    await changes.follow();
    expect(platforms().endpointOf(token)).toBeUndefined();
    expect(pushesTo(token)).toEqual([]);
    expect((await world.partition(`CUSTOMER#${id}`)).map(({ sk }) => sk)).toEqual(['WALLET']);
    expect(await world.partition(pushEndpointKey(token).pk)).toEqual([]);
  });

  test('is not begun for a customer who is gone by then', async () => {
    const { access, id } = await customerWith();
    await notifyOf(id);
    const Records = await news.take();
    const left = beforeWrite('takenUntilMs', () => leave(access));
    await deliverPush({ Records });
    await left;
    expect((await world.partition(`CUSTOMER#${id}`)).map(({ sk }) => sk)).toEqual(['WALLET']);
  });

  test('ends with the configuration of its platform', async () => {
    const { access, id, token } = await customerWith();
    world.set({ PUSH_ANDROID_APPLICATION: '', PUSH_WEB_APPLICATION: '' });
    await notifyOf(id);
    await news.follow();
    expect(pushesTo(token)).toEqual([]);
    world.advance(1);
    await register(access, { registration_id: token, type: 'web' });
    await changes.follow();
    expect(platforms().endpointOf(token)).toBeUndefined();
  });

  test('is recorded for each device by itself, so that one that fails does not repeat the others', async () => {
    const { access, id, token } = await customerWith();
    const second = newToken();
    await register(access, { registration_id: second, type: 'android' });
    await changes.follow();
    await notifyOf(id);
    const Records = await news.take();
    world.sandbox.faults.unreachable = [platforms().endpointOf(second)?.arn ?? ''];
    const delivered = deliverPush({ Records });
    while (pushesTo(token).length === 0) await setImmediate();
    const recorded = async () => (await world.partition(`CUSTOMER#${id}`)).some(({ pushedTo }) => pushedTo);
    while (!(await recorded())) await setImmediate();
    world.sandbox.faults.unreachable = [];
    await delivered;
    expect([pushesTo(token).length, pushesTo(second).length]).toEqual([1, 1]);
  });

  test('is followed to the end by whoever changes the endpoint last', async () => {
    const { access, token } = await customerWith();
    world.advance(1);
    await register(access, { registration_id: token, type: 'android' });
    const Records = await changes.take();
    let silenced: Promise<unknown> | undefined;
    // The worker has read an active device, and is about to record that its push endpoint is
    // enabled.
    world.engine.fail((operation, body) => {
      if (operation !== 'PutItem' || silenced || !body.includes('ENDPOINT')) return undefined;
      silenced = world
        .call(logoutAllDevices, { token: access })
        .then(async () => followUp({ Records: await changes.take() }));
      return { status: 400, type: 'TransactionConflictException' };
    });
    const followed = followUp({ Records });
    while (!silenced) await setImmediate();
    await silenced;
    await followed;
    expect(platforms().endpointOf(token)?.enabled).toBe(false);
  });
});

describe('an inbox that was cleared', () => {
  const left = async (id: number) =>
    (await world.partition(`CUSTOMER#${id}`))
      .map(({ sk }) => String(sk))
      .filter((sk) => /^(NOTIFICATION#|UNREAD#|CLEARING)/.test(sk));

  test('is emptied in the table, but for what came since', async () => {
    const { access, id } = await customerWith();
    for (let index = 0; index < 30; index++) await notifyOf(id);
    await world.call(bulkDelete, { token: access });
    world.advance(1);
    await notifyOf(id);
    expect(await left(id)).toHaveLength(63);
    await changes.follow();
    expect(await left(id)).toHaveLength(2);
    expect((await world.call(listNotifications, { token: access })).body.results).toHaveLength(1);
  });

  test('is emptied from wherever the worker was interrupted', async () => {
    for (let failing = 1; ; failing++) {
      const { access, id } = await customerWith();
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
      expect(await left(id)).toEqual([]);
      if (batchItemFailures.length === 0) break;
      expect(failing).toBeLessThan(20);
    }
  });

  test('keeps the mark of a clearing that came while it was emptied', async () => {
    const { access, id } = await customerWith();
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
    expect(await left(id)).toEqual(['CLEARING']);
    await changes.follow();
    expect(await left(id)).toEqual([]);
  });
});
