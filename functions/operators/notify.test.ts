import { randomUUID } from 'node:crypto';
import { broadcastKey } from '../../lib/table/keys.ts';
import { sendQueued } from '../../lib/testing/stage/broadcasts.ts';
import { invoke } from '../../lib/testing/stage/invoke.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { codeOf } from '../../lib/testing/stage/wallet.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as deleteNotification } from '../notifications/delete.ts';
import { handler as listNotifications } from '../notifications/list.ts';

const world = useWorld();

// biome-ignore lint/suspicious/noExplicitAny: tests read responses of every shape, and a wrong one fails the test
type TestResponse = any;
const request = (wanted: object) => ({
  notification_type: 'other',
  title: { en: 'Sale', ar: 'تخفيضات' },
  message_body: { en: 'Half price today', ar: 'نصف السعر اليوم' },
  idempotency_key: randomUUID(),
  ...wanted,
});
const notify = (wanted: object) => invoke('notify', request(wanted));
const progress = (idempotency_key: string) => invoke('notifyProgress', { idempotency_key });
const inboxOf = async ({ access }: { access: string }) =>
  (await world.call(listNotifications, { token: access, query: { page_size: '100' } })).body.results as TestResponse[];
const broadcastItems = (idempotency_key: string) => world.partition(broadcastKey(idempotency_key).pk);
const signInAll = (count: number, options = {}) =>
  Promise.all(Array.from({ length: count }, () => signIn(world, options)));

describe('notify', () => {
  test('puts a notification into the inbox of each customer, in their language', async () => {
    const [english, arabic] = [await signIn(world), await signIn(world, { language: 'ar' })];
    const key = randomUUID();
    const response = await notify({
      customer_ids: [english.customer.id, arabic.customer.id, english.customer.id],
      idempotency_key: key,
      notification_type: 'product_ordered',
    });
    expect(response).toEqual({
      idempotency_key: key,
      created_at: expect.stringMatching(/Z$/),
      expires_at: new Date(Math.floor(Date.now() / 1000 + 90 * 86_400) * 1000).toISOString(),
      parts: 1,
      parts_done: 0,
      recipients: 0,
      unknown: 0,
      is_done: false,
    });
    expect(await sendQueued()).toBe(1);
    expect(await progress(key)).toMatchObject({ parts_done: 1, recipients: 2, unknown: 0, is_done: true });
    expect(await inboxOf(english)).toMatchObject([
      { title: 'Sale', message_body: 'Half price today', notification_type: 'product_ordered', is_read: false },
    ]);
    expect(await inboxOf(arabic)).toMatchObject([{ title: 'تخفيضات', message_body: 'نصف السعر اليوم' }]);
  });

  test('reaches all customers, or those of a country or with a language, and nobody else', async () => {
    world.set({ BROADCAST_SEGMENTS: '7' });
    const egyptians = await signInAll(3);
    const arabic = await signIn(world, { language: 'ar' });
    const saudi = await signIn(world, { phone: '+966501114455' });
    const [all, country, language] = ['all', 'country', 'language'].map((name) => `${name}-${randomUUID()}`);
    await notify({ all: true, idempotency_key: all, title: { en: 'all', ar: 'all' } });
    await notify({ country: ' sa ', idempotency_key: country, title: { en: 'sa', ar: 'sa' } });
    await notify({ language: 'ar', idempotency_key: language, title: { en: 'ar', ar: 'ar' } });
    expect(await sendQueued()).toBe(21);
    const titles = async (customer: { access: string }) => (await inboxOf(customer)).map(({ title }) => title).sort();
    expect(await Promise.all(egyptians.map(titles))).toEqual(Array(3).fill(['all']));
    expect([await titles(arabic), await titles(saudi)]).toEqual([
      ['all', 'ar'],
      ['all', 'sa'],
    ]);
    expect(await progress(country ?? '')).toMatchObject({ recipients: 1, parts: 7, parts_done: 7, is_done: true });
    const profiles = (await world.items()).filter(({ sk }) => sk === 'PROFILE');
    expect((await progress(all ?? '')).recipients).toBe(profiles.length);
  });

  test('does what is asked for once, however often it is asked, or the queue brings it', async () => {
    const customers = await signInAll(4);
    const wanted = request({ customer_ids: customers.map(({ customer }) => customer.id) });
    const responses = await Promise.all(Array.from({ length: 6 }, () => invoke('notify', wanted)));
    expect(new Set(responses.map(({ created_at }) => created_at)).size).toBe(1);
    await Promise.all([sendQueued(), sendQueued(), sendQueued()]);
    await invoke('notify', wanted);
    await sendQueued();
    for (const customer of customers) expect(await inboxOf(customer)).toHaveLength(1);
    expect(await progress(wanted.idempotency_key)).toMatchObject({ recipients: 4, is_done: true });
  });

  test('does not bring back what a customer has deleted', async () => {
    const own = await signIn(world);
    const wanted = request({ customer_ids: [own.customer.id] });
    await invoke('notify', wanted);
    const begun = await broadcastItems(wanted.idempotency_key);
    await sendQueued();
    const [{ id }] = await inboxOf(own);
    await world.call(deleteNotification, { token: own.access, params: { id: String(id) } });
    await Promise.all(begun.map((item) => world.put(item)));
    await invoke('notify', wanted);
    expect(await sendQueued()).toBe(1);
    expect(await inboxOf(own)).toEqual([]);
  });

  test('forgets for whom it was, and what it said, as soon as it has been sent', async () => {
    const customers = await signInAll(2);
    const ids = customers.map(({ customer }) => customer.id);
    const others = Array.from({ length: 600 }, (_, index) => index + 1);
    const wanted = request({
      customer_ids: [...ids, ...others],
      title: { en: 'Dear Salma', ar: 'عزيزتي سلمى' },
      data: { order: '7' },
    });
    const stored = async () => JSON.stringify(await broadcastItems(wanted.idempotency_key));
    await invoke('notify', wanted);
    for (const secret of [ids[0], 'Salma', 'سلمى', '"7"']) expect(await stored()).toContain(String(secret));

    // The worker dies after the last step of the broadcast, and the queue delivers that part again.
    const isForgetting = (body: string) => body.includes('"sk":{"S":"BROADCAST"}');
    world.engine.fail((operation, body) =>
      operation === 'PutItem' && isForgetting(body) ? { status: 400, type: 'AccessDeniedException' } : undefined,
    );
    expect(await sendQueued()).toBe(2);
    expect(await stored()).toContain('Salma');
    world.engine.heal();
    const again = { messageId: 'again', body: JSON.stringify({ idempotency_key: wanted.idempotency_key, part: 1 }) };
    expect(await invoke('sendBroadcast', { Records: [again] })).toEqual({ batchItemFailures: [] });

    for (const secret of [...ids, 'Salma', 'سلمى', '"7"']) expect(await stored()).not.toContain(String(secret));
    expect(await progress(wanted.idempotency_key)).toMatchObject({ recipients: 2, unknown: 600, is_done: true });
    expect(await invoke('notify', wanted)).toMatchObject({ recipients: 2, is_done: true });
    for (const customer of customers) expect(await inboxOf(customer)).toMatchObject([{ title: 'Dear Salma' }]);
  });

  test('counts ids that are nobody’s, and goes on with the others', async () => {
    const [own, gone] = await signInAll(2);
    await world.call(deleteCustomer, { token: gone?.access ?? '' });
    const key = randomUUID();
    await notify({ customer_ids: [own?.customer.id, gone?.customer.id, 7], idempotency_key: key });
    await sendQueued();
    expect(await progress(key)).toMatchObject({ recipients: 1, unknown: 2, is_done: true });
    expect(await inboxOf({ access: own?.access ?? '' })).toHaveLength(1);
  });

  test('goes on at once where it was when it ran out of time, step by step', async () => {
    const customers = await signInAll(3);
    const ids = [
      ...customers.map(({ customer }) => customer.id),
      ...Array.from({ length: 120 }, (_, index) => index + 1),
    ];
    const wanted = request({ customer_ids: ids });
    await invoke('notify', wanted);
    // Three steps of fifty ids, each in a separate message.
    expect(await sendQueued(1_000)).toBe(3);
    const { recipients, unknown, is_done } = await progress(wanted.idempotency_key);
    expect([recipients, unknown, is_done]).toEqual([3, 120, true]);
    for (const customer of customers) expect(await inboxOf(customer)).toHaveLength(1);
  });

  test('is finished from wherever it was interrupted, and nobody gets it twice', async () => {
    world.set({ BROADCAST_SEGMENTS: '2' });
    const customers = await signInAll(3);
    for (let failing = 1; ; failing += 5) {
      const wanted = request({ country: 'EG', title: { en: `${failing}`, ar: 'x' } });
      let calls = 0;
      world.engine.fail(() => {
        calls += 1;
        return calls % 40 === failing ? { status: 400, type: 'AccessDeniedException' } : undefined;
      });
      const asked = await invoke('notify', wanted).catch(() => undefined);
      await sendQueued();
      world.engine.heal();
      await invoke('notify', wanted);
      await sendQueued();
      for (const customer of customers) {
        expect((await inboxOf(customer)).filter(({ title }) => title === `${failing}`)).toHaveLength(1);
      }
      expect((await progress(wanted.idempotency_key)).is_done).toBe(true);
      if (asked && failing > 20) break;
    }
  });

  test('counts each step once when two work on the same part', async () => {
    const customers = await signInAll(3);
    const wanted = request({ customer_ids: customers.map(({ customer }) => customer.id) });
    await invoke('notify', wanted);
    await invoke('notify', wanted);
    await Promise.all([sendQueued(), sendQueued()]);
    expect(await progress(wanted.idempotency_key)).toMatchObject({ recipients: 3, is_done: true });
    let second: Promise<unknown> | undefined;
    const other = request({ customer_ids: customers.map(({ customer }) => customer.id) });
    await invoke('notify', other);
    await invoke('notify', other);
    // The first worker is about to record its step.
    world.engine.fail((operation, body) => {
      if (operation !== 'PutItem' || second || !body.includes('idsDone')) return undefined;
      second = sendQueued();
      return { status: 400, type: 'TransactionConflictException' };
    });
    await sendQueued();
    await second;
    expect(await progress(other.idempotency_key)).toMatchObject({ recipients: 3, is_done: true });
  });

  test('takes the same data in another order as the same', async () => {
    const wanted = request({ customer_ids: [7], data: { a: '1', b: '2' } });
    await invoke('notify', wanted);
    expect(codeOf(await invoke('notify', { ...wanted, data: { b: '2', a: '1' } }))).toBeUndefined();
    await sendQueued();
  });

  test('cuts many ids into parts', async () => {
    const own = await signIn(world);
    const ids = [own.customer.id, ...Array.from({ length: 1_200 }, (_, index) => index + 1)];
    const key = randomUUID();
    expect(await notify({ customer_ids: ids, idempotency_key: key })).toMatchObject({ parts: 3 });
    expect(await sendQueued()).toBe(3);
    expect(await progress(key)).toMatchObject({ recipients: 1, unknown: 1_200, is_done: true });
  });

  test('keeps to its time to live: what has ended is not sent, and what was sent goes', async () => {
    const own = await signIn(world);
    const [early, late] = [
      request({ customer_ids: [own.customer.id], ttl: 60 }),
      request({ customer_ids: [own.customer.id], ttl: 60 }),
    ];
    await invoke('notify', early);
    await sendQueued();
    expect(await inboxOf(own)).toHaveLength(1);
    await invoke('notify', late);
    world.advance(60);
    await sendQueued();
    expect(await inboxOf(own)).toEqual([]);
    expect(await progress(late.idempotency_key)).toMatchObject({ recipients: 0, is_done: true });
    expect(await invoke('notify', early)).toMatchObject({ is_done: true });
  });

  test.each([
    [{ title: { en: 'Other', ar: 'x' } }],
    [{ ttl: 5 }],
    [{ data: { a: 'b' } }],
    [{ customer_ids: undefined, all: true }],
  ])('refuses a key that stands for something else, for %j', async (other) => {
    const wanted = request({ customer_ids: [7] });
    await invoke('notify', wanted);
    expect(codeOf(await invoke('notify', { ...wanted, ...other }))).toBe('idempotency_key_reused');
    await sendQueued();
  });

  test.each<[string, object, [string, string][]]>([
    ['no audience', {}, [['required', 'non_field_errors']]],
    ['two audiences', { all: true, country: 'EG' }, [['invalid', 'country']]],
    ['all: false', { all: false }, [['invalid_choice', 'all']]],
    ['no ids', { customer_ids: [] }, [['min_value', 'customer_ids']]],
    [
      'ids',
      { customer_ids: ['7', 0] },
      [
        ['invalid', 'customer_ids.0'],
        ['min_value', 'customer_ids.1'],
      ],
    ],
    ['a country', { country: 'Egypt' }, [['invalid', 'country']]],
    ['a language', { language: 'fr' }, [['invalid_choice', 'language']]],
    ['a title in one language', { all: true, title: { en: 'x' } }, [['required', 'title.ar']]],
    [
      'a type and a title',
      { all: true, title: 'x', notification_type: 'sale' },
      [
        ['invalid_choice', 'notification_type'],
        ['invalid', 'title.non_field_errors'],
      ],
    ],
    [
      'texts',
      { all: true, message_body: { en: ' ', ar: 'x'.repeat(4_001) } },
      [
        ['blank', 'message_body.en'],
        ['max_length', 'message_body.ar'],
      ],
    ],
    ['a key of Firebase', { all: true, data: { from: 'x' } }, [['invalid', 'data.from']]],
    ['a key of Google', { all: true, data: { 'google.x': 'x' } }, [['invalid', 'data.google.x']]],
    [
      'a key of Apple and a number',
      { all: true, data: { aps: 'x', n: 7 } },
      [
        ['invalid', 'data.aps'],
        ['invalid', 'data.n'],
      ],
    ],
    ['too much data', { all: true, data: { x: 'x'.repeat(2_048) } }, [['max_length', 'data']]],
    ['a country that is not served', { country: 'ZZ' }, [['does_not_exist', 'country']]],
    [
      'data that no screen shows',
      { all: true, data: { a: '\ud800', b: 'x\0' } },
      [
        ['invalid', 'data.a'],
        ['invalid', 'data.b'],
      ],
    ],
    ['names of the language', { all: true, data: { constructor: 'x' } }, [['invalid', 'data.constructor']]],
    ['no time', { all: true, ttl: 0 }, [['min_value', 'ttl']]],
    ['a key', { all: true, idempotency_key: '' }, [['blank', 'idempotency_key']]],
  ])('refuses what is wrong with %s, and keeps nothing', async (_, wanted, expected) => {
    const before = (await world.items()).length;
    const response = await notify(wanted);
    expect(response.errors.map(({ code, attr }: TestResponse) => [code, attr])).toEqual(expected);
    expect((await world.items()).length).toBe(before);
  });
});

test('notifyProgress does not know a key that was not used', async () => {
  expect(codeOf(await progress('nothing'))).toBe('not_found');
});
