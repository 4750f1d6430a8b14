import type { Endpoint } from '../../lib/http/endpoint.ts';
import { customerPartition, readingPrefix, unreadPrefix } from '../../lib/table/keys.ts';
import { writeAll } from '../../lib/table/writeMany.ts';
import { generator } from '../../lib/testing/fixtures/random.ts';
import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { notifyOf } from '../../lib/testing/stage/notifications.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as bulkDelete } from './bulkDelete.ts';
import { handler as deleteOne } from './delete.ts';
import { handler as list } from './list.ts';
import { handler as getPreferences } from './preferences.ts';
import { handler as read } from './read.ts';
import { handler as readAll } from './readAll.ts';
import { handler as unreadCount } from './unreadCount.ts';
import { handler as updatePreferences } from './updatePreferences.ts';

const world = useWorld();

const error = (code: string, attr: string | null = null) => ({ code, detail: expect.any(String), attr });
const call = (handler: Endpoint, token: string, id?: number | string) =>
  world.call(handler, { token, ...(id !== undefined && { params: { id: String(id) } }) });
const get = (token: string, query: Record<string, string> = {}) => world.call(list, { method: 'GET', token, query });
const followLink = (token: string, link: string) => get(token, Object.fromEntries(new URL(link).searchParams));
const listIds = ({ body }: { body: { results: { id: number }[] } }) => body.results.map(({ id }) => id);
const getUnreadCount = async (token: string) => (await call(unreadCount, token)).body.unread_count;
async function createCustomer(count: number) {
  const own = await signIn(world);
  const ids: number[] = [];
  for (let index = 0; index < count; index++) {
    ids.unshift(await notifyOf(own.customer.id));
    world.advance(0.001);
  }
  return { ...own, id: own.customer.id, ids };
}

describe('countUnreadNotifications', () => {
  test('stops at 1,000, and reads no more however many there are', async () => {
    const { access, id } = await createCustomer(1);
    const item = (await world.partition(customerPartition(id))).find(({ sk }) => String(sk).startsWith(unreadPrefix));
    const keyOf = (index: number) => ({ pk: customerPartition(id), sk: `${readingPrefix(0)}${index}` });
    await writeAll(
      Array.from({ length: 2_500 }, (_, index) => ({ key: keyOf(index), item: { ...item, ...keyOf(index) } })),
    );
    world.engine.record();
    expect(await getUnreadCount(access)).toBe(1_000);
    expect(world.engine.calls.filter(({ operation }) => operation === 'Query')).toHaveLength(1);
    expect((await call(readAll, access)).status).toBe(204);
    expect(await getUnreadCount(access)).toBe(0);
  });
});

describe('listNotifications', () => {
  test('returns exactly the fields of the contract, newest first', async () => {
    const { access, id } = await createCustomer(0);
    expect((await get(access)).body).toEqual({ next: null, previous: null, results: [] });
    const content = {
      type: 'product_ordered',
      title: 'Thanks',
      body: 'Order 7 is on its way',
      data: { a: 'b' },
    } as const;
    const first = await notifyOf(id, content);
    world.advance(1);
    const second = await notifyOf(id);
    const { status, body } = await get(access);
    expect([status, body.results.map(({ id }: { id: number }) => id)]).toEqual([200, [second, first]]);
    expect(body.results[1]).toEqual({
      id: first,
      notification_type: 'product_ordered',
      title: 'Thanks',
      message_body: 'Order 7 is on its way',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      is_read: false,
      data: { a: 'b' },
    });
  });

  test('pages to the end and back', async () => {
    const { access, ids } = await createCustomer(7);
    const first = await get(access, { page_size: '3' });
    const second = await followLink(access, first.body.next);
    const last = await followLink(access, second.body.next);
    expect([listIds(first), listIds(second), listIds(last)]).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
    expect(last.body.next).toBeNull();
    expect((await followLink(access, last.body.previous)).body).toEqual(second.body);
  });

  test('continues after the last entry when the entries next to the page were deleted', async () => {
    const { access, ids } = await createCustomer(6);
    const first = await get(access, { page_size: '2' });
    for (const id of ids.slice(1, 3)) await call(deleteOne, access, id);
    const second = await followLink(access, first.body.next);
    expect(listIds(second)).toEqual(ids.slice(3, 5));
    expect(listIds(await followLink(access, second.body.previous))).toEqual(ids.slice(0, 1));
  });

  test('returns an empty next page after all were deleted, and newer notifications on the first page', async () => {
    const { access, id } = await createCustomer(4);
    const first = await get(access, { page_size: '2' });
    await call(bulkDelete, access);
    const second = await followLink(access, first.body.next);
    expect([second.status, second.body]).toEqual([200, { next: null, previous: null, results: [] }]);
    world.advance(1);
    const later = await notifyOf(id);
    expect(listIds(await get(access))).toEqual([later]);
    expect(listIds(await followLink(access, first.body.next))).toEqual([]);
  });

  test('skips expired notifications that DynamoDB has not deleted yet, and fills the page', async () => {
    const { access, id, ids } = await createCustomer(2);
    const short = { expiresAtSeconds: Math.floor(Date.now() / 1000) + 10 };
    for (let index = 0; index < 5; index++) await notifyOf(id, short);
    expect([listIds(await get(access)).length, await getUnreadCount(access)]).toEqual([7, 7]);
    world.advance(10);
    const page = await get(access, { page_size: '1' });
    expect(listIds(page)).toEqual(ids.slice(0, 1));
    expect(listIds(await followLink(access, page.body.next))).toEqual(ids.slice(1));
    expect(await getUnreadCount(access)).toBe(2);
  });

  test("rejects another customer's cursor, and an invalid one", async () => {
    const [mine, other] = [await createCustomer(2), await createCustomer(2)];
    const { next } = (await get(mine.access, { page_size: '1' })).body;
    for (const { status, body } of [
      await followLink(other.access, next),
      await get(mine.access, { cursor: 'b2xkZXIvMDAwMDAwMDAveA' }),
      await get(mine.access, { cursor: 'x' }),
    ]) {
      expect([status, body.errors]).toEqual([404, [error('not_found')]]);
    }
  });

  test('makes two sequential calls to the table, and reads one page of a long list', async () => {
    const { access } = await createCustomer(15);
    world.engine.record();
    await get(access, { page_size: '5' });
    expect(depth(world.engine.calls)).toBe(2);
    expect(world.engine.calls.filter(({ operation }) => operation === 'Query')).toHaveLength(1);
  });
});

describe('a notification', () => {
  test('that is marked as read is counted once, and stays in the list', async () => {
    const { access, ids } = await createCustomer(3);
    const [, second] = ids;
    for (const status of [204, 204]) expect((await call(read, access, second)).status).toBe(status);
    expect(await getUnreadCount(access)).toBe(2);
    const { results } = (await get(access)).body;
    expect(results.map(({ is_read }: { is_read: boolean }) => is_read)).toEqual([false, true, false]);
  });

  test('is deleted once by parallel requests', async () => {
    const { access, ids } = await createCustomer(2);
    const responses = await Promise.all(Array.from({ length: 4 }, () => call(deleteOne, access, ids[0])));
    expect(responses.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404]);
    expect([listIds(await get(access)), await getUnreadCount(access)]).toEqual([ids.slice(1), 1]);
    expect((await call(read, access, ids[0])).status).toBe(404);
  });

  test.each([
    ['deleted', deleteOne],
    ['read', read],
  ])('is not %s by another customer or by an invalid id', async (_, handler) => {
    const [mine, other] = [await createCustomer(1), await createCustomer(0)];
    const ids = [mine.ids[0] ?? 0, 7, 0, '007', '-1', '1.5', 'x', '9007199254740993', '%00', 'bulk-delete'];
    for (const id of ids) {
      const { status, body } = await call(handler, other.access, id);
      expect([id, status, body.errors]).toEqual([id, 404, [error('not_found')]]);
    }
    expect([listIds(await get(mine.access)), await getUnreadCount(mine.access)]).toEqual([mine.ids, 1]);
  });

  test.each([
    ['deleted', deleteOne],
    ['read', read],
  ])('is %s with three sequential calls to the table', async (_, handler) => {
    const { access, ids } = await createCustomer(1);
    world.engine.record();
    await call(handler, access, ids[0]);
    expect(depth(world.engine.calls)).toBe(3);
  });
});

describe('all notifications', () => {
  test('are marked as read by one request, and later ones are unread', async () => {
    const { access, id } = await createCustomer(12);
    expect(await getUnreadCount(access)).toBe(12);
    expect((await call(readAll, access)).status).toBe(204);
    expect(await getUnreadCount(access)).toBe(0);
    const listReadStates = async () =>
      (await get(access, { page_size: '100' })).body.results.map((n: { is_read: boolean }) => n.is_read);
    expect(await listReadStates()).toEqual(Array(12).fill(true));
    world.advance(1);
    await notifyOf(id);
    expect(await listReadStates()).toEqual([false, ...Array(12).fill(true)]);
    expect(await getUnreadCount(access)).toBe(1);
  });

  test('are deleted with one write for any number, and stay deleted', async () => {
    const { access, ids, id } = await createCustomer(12);
    world.engine.record();
    expect((await call(bulkDelete, access)).status).toBe(204);
    expect(world.engine.calls.map(({ operation }) => operation)).toEqual(['BatchGetItem', 'TransactWriteItems']);
    expect([(await get(access)).body.results, await getUnreadCount(access)]).toEqual([[], 0]);
    expect((await call(read, access, ids[0])).status).toBe(404);
    expect((await call(deleteOne, access, ids[1])).status).toBe(404);
    expect((await call(bulkDelete, access)).status).toBe(204);
    world.advance(1);
    const later = await notifyOf(id);
    expect([listIds(await get(access)), await getUnreadCount(access)]).toEqual([[later], 1]);
  });

  test('are deleted by parallel requests without an error', async () => {
    const { access } = await createCustomer(3);
    const responses = await Promise.all(Array.from({ length: 8 }, () => call(bulkDelete, access)));
    expect(responses.map(({ status }) => status)).toEqual(Array(8).fill(204));
    expect((await get(access)).body.results).toEqual([]);
  });
});

describe('unread-count', () => {
  test.each([11, 22, 33])('equals a recount after random parallel requests (seed %i)', async (seed) => {
    const random = generator(seed);
    const { access, id, ids } = await createCustomer(6);
    const pickId = () => ids[Math.floor(random() * ids.length)] ?? 0;
    const actions = [
      async () => void ids.push(await notifyOf(id)),
      async () => void ids.push(await notifyOf(id)),
      async () => void (await call(read, access, pickId())),
      async () => void (await call(read, access, pickId())),
      async () => void (await call(deleteOne, access, pickId())),
      async () => void (await call(readAll, access)),
      async () => void (await call(bulkDelete, access)),
    ];
    for (let round = 0; round < 4; round++) {
      const chosen = Array.from({ length: 12 }, () => actions[Math.floor(random() * (actions.length - (round % 2)))]);
      await Promise.all(chosen.map((action) => action?.()));
      const notifications = (await get(access, { page_size: '100' })).body.results as { is_read: boolean }[];
      expect(await getUnreadCount(access)).toBe(notifications.filter(({ is_read }) => !is_read).length);
    }
  });

  test('stays correct when a notification is created while all are marked as read or deleted', async () => {
    for (const handler of [readAll, bulkDelete]) {
      const { access, id } = await createCustomer(0);
      let done: Promise<unknown> | undefined;
      world.engine.fail((operation, body) => {
        if (operation !== 'TransactWriteItems' || done || !body.includes('UNREAD#')) return undefined;
        done = call(handler, access);
        return {
          status: 400,
          type: 'TransactionCanceledException',
          extra: { CancellationReasons: [{ Code: 'TransactionConflict' }] },
        };
      });
      await notifyOf(id);
      await done;
      const notifications = (await get(access)).body.results as { is_read: boolean }[];
      expect(await getUnreadCount(access)).toBe(notifications.filter(({ is_read }) => !is_read).length);
    }
  });
});

describe('preferences', () => {
  const initial = {
    push: { product_ordered: true, other: true, new_sign_in: true },
    quiet_hours: null,
    time_zone: 'Africa/Cairo',
  };
  const change = (token: string, body: unknown) => world.call(updatePreferences, { method: 'PATCH', token, body });

  test('allow every push at any time by default, in the time zone of the country', async () => {
    const { access } = await signIn(world);
    expect((await call(getPreferences, access)).body).toEqual(initial);
    const saudi = await signIn(world, { phone: '+966501112233' });
    expect((await call(getPreferences, saudi.access)).body.time_zone).toBe('Asia/Riyadh');
  });

  test('change only the fields in the request', async () => {
    const { access } = await signIn(world);
    const quiet_hours = { start: '22:30', end: '07:00' };
    expect((await change(access, { quiet_hours })).body).toEqual({ ...initial, quiet_hours });
    expect((await change(access, { push: { other: false }, time_zone: 'Europe/Berlin' })).body).toEqual({
      push: { product_ordered: true, other: false, new_sign_in: true },
      quiet_hours,
      time_zone: 'Europe/Berlin',
    });
    expect((await change(access, {})).body.quiet_hours).toEqual(quiet_hours);
    expect((await change(access, { quiet_hours: null, time_zone: null })).body).toEqual({
      ...initial,
      push: { product_ordered: true, other: false, new_sign_in: true },
    });
    expect((await call(getPreferences, access)).body.push).toEqual({
      product_ordered: true,
      other: false,
      new_sign_in: true,
    });
  });

  test('apply parallel changes of different fields', async () => {
    const { access } = await signIn(world);
    const changes = [{ push: { other: false } }, { push: { product_ordered: false } }, { time_zone: 'UTC' }];
    await Promise.all(changes.map((body) => change(access, body)));
    expect((await call(getPreferences, access)).body).toEqual({
      push: { product_ordered: false, other: false, new_sign_in: true },
      quiet_hours: null,
      time_zone: 'UTC',
    });
  });

  test.each([
    [' africa/CAIRO ', 'Africa/Cairo'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['Asia/Calcutta', 'Asia/Calcutta'],
    ['Europe/Kyiv', 'Europe/Kyiv'],
    ['europe/KYIV', 'Europe/Kyiv'],
    ['America/Argentina/ComodRivadavia', 'America/Argentina/ComodRivadavia'],
    ['america/port-au-prince', 'America/Port-au-Prince'],
    ['Pacific/Kanton', 'Pacific/Kanton'],
    ['US/Eastern', 'US/Eastern'],
    ['us/eastern', 'US/Eastern'],
    ['UTC', 'UTC'],
    ['GMT', 'GMT'],
    ['gmt', 'GMT'],
    ['Etc/UTC', 'Etc/UTC'],
    ['etc/utc', 'Etc/UTC'],
    ['Etc/GMT-3', 'Etc/GMT-3'],
  ])('store the time zone %j as %s', async (timeZone, stored) => {
    const { access } = await signIn(world);
    const { status, body } = await change(access, { time_zone: timeZone });
    expect([status, body.time_zone]).toEqual([200, stored]);
    expect((await call(getPreferences, access)).body.time_zone).toBe(stored);
  });

  test.each([
    'AST',
    'ast',
    'EST',
    'MST',
    'HST',
    'IST',
    'PST',
    'CET',
    'EET',
    'EST5EDT',
    'CST6CDT',
    'SystemV/AST4',
    'Egypt',
    'Zulu',
    'GMT0',
    'GMT+3',
    'UTC+3',
    'Etc/GMT+99',
    'Etc/Unknown',
    'Asia/Riyadh/',
    'Asia/',
  ])('reject the time zone %s, which is not an area and location', async (time_zone) => {
    const { access } = await signIn(world);
    const { status, body } = await change(access, { time_zone });
    expect([status, body.errors]).toEqual([
      400,
      [expect.objectContaining({ code: 'invalid_choice', attr: 'time_zone' })],
    ]);
    expect((await call(getPreferences, access)).body.time_zone).toBe('Africa/Cairo');
  });

  test('accept Arabic digits', async () => {
    const { access } = await signIn(world);
    const { body } = await change(access, { quiet_hours: { start: ' ٢٢:٣٠ ', end: '٠٧:٠٠' } });
    expect(body.quiet_hours).toEqual({ start: '22:30', end: '07:00' });
  });

  test.each([
    [{ push: null }, [['null', 'push']]],
    [{ push: { other: 'no' } }, [['invalid', 'push.other']]],
    [{ push: { other: null } }, [['null', 'push.other']]],
    [
      { quiet_hours: {} },
      [
        ['required', 'quiet_hours.start'],
        ['required', 'quiet_hours.end'],
      ],
    ],
    [
      { quiet_hours: { start: '24:00', end: '7:00' } },
      [
        ['invalid', 'quiet_hours.start'],
        ['invalid', 'quiet_hours.end'],
      ],
    ],
    [{ quiet_hours: { start: '22:00', end: '22:00' } }, [['invalid', 'quiet_hours.end']]],
    [{ quiet_hours: '22:00' }, [['invalid', 'quiet_hours.non_field_errors']]],
    [{ time_zone: 'Mars/Base' }, [['invalid_choice', 'time_zone']]],
    [{ time_zone: '+02:00' }, [['invalid_choice', 'time_zone']]],
    [
      { time_zone: 7, push: [] },
      [
        ['invalid', 'push.non_field_errors'],
        ['invalid_choice', 'time_zone'],
      ],
    ],
  ])('reject %j', async (body, expected) => {
    const { access } = await signIn(world);
    const response = await change(access, body);
    expect(response.status).toBe(400);
    expect(response.body.errors.map(({ code, attr }: { code: string; attr: string }) => [code, attr])).toEqual(
      expected,
    );
    expect((await call(getPreferences, access)).body).toEqual(initial);
  });
});
