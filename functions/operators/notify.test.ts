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
const makeRequest = (fields: object) => ({
  notification_type: 'other',
  title: { en: 'Sale', ar: 'تخفيضات' },
  message_body: { en: 'Half price today', ar: 'نصف السعر اليوم' },
  idempotency_key: randomUUID(),
  ...fields,
});
const notify = (fields: object) => invoke('notify', makeRequest(fields));
const getProgress = (idempotency_key: string) => invoke('notifyProgress', { idempotency_key });
const listInbox = async ({ access }: { access: string }) =>
  (await world.call(listNotifications, { token: access, query: { page_size: '100' } })).body.results as TestResponse[];
const readBroadcast = (idempotency_key: string) => world.partition(broadcastKey(idempotency_key).pk);
const signInAll = (count: number, options = {}) =>
  Promise.all(Array.from({ length: count }, () => signIn(world, options)));

describe('notify', () => {
  test('adds a notification to the inbox of each customer, in their language', async () => {
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
    expect(await getProgress(key)).toMatchObject({ parts_done: 1, recipients: 2, unknown: 0, is_done: true });
    expect(await listInbox(english)).toMatchObject([
      { title: 'Sale', message_body: 'Half price today', notification_type: 'product_ordered', is_read: false },
    ]);
    expect(await listInbox(arabic)).toMatchObject([{ title: 'تخفيضات', message_body: 'نصف السعر اليوم' }]);
  });

  test('reaches all customers, or only those of a country or with a language', async () => {
    world.set({ BROADCAST_SEGMENTS: '7' });
    const egyptians = await signInAll(3);
    const arabic = await signIn(world, { language: 'ar' });
    const saudi = await signIn(world, { phone: '+966501114455' });
    const [all, country, language] = ['all', 'country', 'language'].map((name) => `${name}-${randomUUID()}`);
    await notify({ all: true, idempotency_key: all, title: { en: 'all', ar: 'all' } });
    await notify({ country: ' sa ', idempotency_key: country, title: { en: 'sa', ar: 'sa' } });
    await notify({ language: 'ar', idempotency_key: language, title: { en: 'ar', ar: 'ar' } });
    expect(await sendQueued()).toBe(21);
    const listTitles = async (customer: { access: string }) =>
      (await listInbox(customer)).map(({ title }) => title).sort();
    expect(await Promise.all(egyptians.map(listTitles))).toEqual(Array(3).fill(['all']));
    expect([await listTitles(arabic), await listTitles(saudi)]).toEqual([
      ['all', 'ar'],
      ['all', 'sa'],
    ]);
    expect(await getProgress(country ?? '')).toMatchObject({ recipients: 1, parts: 7, parts_done: 7, is_done: true });
    const profiles = (await world.items()).filter(({ sk }) => sk === 'PROFILE');
    expect((await getProgress(all ?? '')).recipients).toBe(profiles.length);
  });

  test('sends once for repeated requests and repeated deliveries of the queue', async () => {
    const customers = await signInAll(4);
    const request = makeRequest({ customer_ids: customers.map(({ customer }) => customer.id) });
    const responses = await Promise.all(Array.from({ length: 6 }, () => invoke('notify', request)));
    expect(new Set(responses.map(({ created_at }) => created_at)).size).toBe(1);
    await Promise.all([sendQueued(), sendQueued(), sendQueued()]);
    await invoke('notify', request);
    await sendQueued();
    for (const customer of customers) expect(await listInbox(customer)).toHaveLength(1);
    expect(await getProgress(request.idempotency_key)).toMatchObject({ recipients: 4, is_done: true });
  });

  test('does not restore a notification that the customer has deleted', async () => {
    const own = await signIn(world);
    const request = makeRequest({ customer_ids: [own.customer.id] });
    await invoke('notify', request);
    const initial = await readBroadcast(request.idempotency_key);
    await sendQueued();
    const [{ id }] = await listInbox(own);
    await world.call(deleteNotification, { token: own.access, params: { id: String(id) } });
    await Promise.all(initial.map((item) => world.put(item)));
    await invoke('notify', request);
    expect(await sendQueued()).toBe(1);
    expect(await listInbox(own)).toEqual([]);
  });

  test('deletes the recipients and texts of a broadcast as soon as it has been sent', async () => {
    const customers = await signInAll(2);
    const ids = customers.map(({ customer }) => customer.id);
    const others = Array.from({ length: 600 }, (_, index) => index + 1);
    const request = makeRequest({
      customer_ids: [...ids, ...others],
      title: { en: 'Dear Salma', ar: 'عزيزتي سلمى' },
      data: { order: '7' },
    });
    const readStored = async () => JSON.stringify(await readBroadcast(request.idempotency_key));
    await invoke('notify', request);
    for (const secret of [ids[0], 'Salma', 'سلمى', '"7"']) expect(await readStored()).toContain(String(secret));

    // The worker dies after the last step of the broadcast, and the queue redelivers that part.
    const isErasure = (body: string) => body.includes('"sk":{"S":"BROADCAST"}');
    world.engine.fail((operation, body) =>
      operation === 'PutItem' && isErasure(body) ? { status: 400, type: 'AccessDeniedException' } : undefined,
    );
    expect(await sendQueued()).toBe(2);
    expect(await readStored()).toContain('Salma');
    world.engine.heal();
    const redelivered = {
      messageId: 'again',
      body: JSON.stringify({ idempotency_key: request.idempotency_key, part: 1 }),
    };
    expect(await invoke('sendBroadcast', { Records: [redelivered] })).toEqual({ batchItemFailures: [] });

    for (const secret of [...ids, 'Salma', 'سلمى', '"7"']) expect(await readStored()).not.toContain(String(secret));
    expect(await getProgress(request.idempotency_key)).toMatchObject({ recipients: 2, unknown: 600, is_done: true });
    expect(await invoke('notify', request)).toMatchObject({ recipients: 2, is_done: true });
    for (const customer of customers) expect(await listInbox(customer)).toMatchObject([{ title: 'Dear Salma' }]);
  });

  test('counts unknown customer ids, and notifies the others', async () => {
    const [own, deleted] = await signInAll(2);
    await world.call(deleteCustomer, { token: deleted?.access ?? '' });
    const key = randomUUID();
    await notify({ customer_ids: [own?.customer.id, deleted?.customer.id, 7], idempotency_key: key });
    await sendQueued();
    expect(await getProgress(key)).toMatchObject({ recipients: 1, unknown: 2, is_done: true });
    expect(await listInbox({ access: own?.access ?? '' })).toHaveLength(1);
  });

  test('continues in a new invocation when the worker runs out of time', async () => {
    const customers = await signInAll(3);
    const ids = [
      ...customers.map(({ customer }) => customer.id),
      ...Array.from({ length: 120 }, (_, index) => index + 1),
    ];
    const request = makeRequest({ customer_ids: ids });
    await invoke('notify', request);
    // Three steps of fifty ids, each in a separate message.
    expect(await sendQueued(1_000)).toBe(3);
    const { recipients, unknown, is_done } = await getProgress(request.idempotency_key);
    expect([recipients, unknown, is_done]).toEqual([3, 120, true]);
    for (const customer of customers) expect(await listInbox(customer)).toHaveLength(1);
  });

  test('completes after an interruption at any call, without a duplicate', async () => {
    world.set({ BROADCAST_SEGMENTS: '2' });
    const customers = await signInAll(3);
    for (let failing = 1; ; failing += 5) {
      const request = makeRequest({ country: 'EG', title: { en: `${failing}`, ar: 'x' } });
      let calls = 0;
      world.engine.fail(() => {
        calls += 1;
        return calls % 40 === failing ? { status: 400, type: 'AccessDeniedException' } : undefined;
      });
      const response = await invoke('notify', request).catch(() => undefined);
      await sendQueued();
      world.engine.heal();
      await invoke('notify', request);
      await sendQueued();
      for (const customer of customers) {
        expect((await listInbox(customer)).filter(({ title }) => title === `${failing}`)).toHaveLength(1);
      }
      expect((await getProgress(request.idempotency_key)).is_done).toBe(true);
      if (response && failing > 20) break;
    }
  });

  test('counts each step once when two workers process the same part', async () => {
    const customers = await signInAll(3);
    const request = makeRequest({ customer_ids: customers.map(({ customer }) => customer.id) });
    await invoke('notify', request);
    await invoke('notify', request);
    await Promise.all([sendQueued(), sendQueued()]);
    expect(await getProgress(request.idempotency_key)).toMatchObject({ recipients: 3, is_done: true });
    let second: Promise<unknown> | undefined;
    const other = makeRequest({ customer_ids: customers.map(({ customer }) => customer.id) });
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
    expect(await getProgress(other.idempotency_key)).toMatchObject({ recipients: 3, is_done: true });
  });

  test('treats the same data in another order as the same request', async () => {
    const request = makeRequest({ customer_ids: [7], data: { a: '1', b: '2' } });
    await invoke('notify', request);
    expect(codeOf(await invoke('notify', { ...request, data: { b: '2', a: '1' } }))).toBeUndefined();
    await sendQueued();
  });

  test('splits many customer ids into parts', async () => {
    const own = await signIn(world);
    const ids = [own.customer.id, ...Array.from({ length: 1_200 }, (_, index) => index + 1)];
    const key = randomUUID();
    expect(await notify({ customer_ids: ids, idempotency_key: key })).toMatchObject({ parts: 3 });
    expect(await sendQueued()).toBe(3);
    expect(await getProgress(key)).toMatchObject({ recipients: 1, unknown: 1_200, is_done: true });
  });

  test('sends nothing after the time to live, and hides what it sent before', async () => {
    const own = await signIn(world);
    const [early, late] = [
      makeRequest({ customer_ids: [own.customer.id], ttl: 60 }),
      makeRequest({ customer_ids: [own.customer.id], ttl: 60 }),
    ];
    await invoke('notify', early);
    await sendQueued();
    expect(await listInbox(own)).toHaveLength(1);
    await invoke('notify', late);
    world.advance(60);
    await sendQueued();
    expect(await listInbox(own)).toEqual([]);
    expect(await getProgress(late.idempotency_key)).toMatchObject({ recipients: 0, is_done: true });
    expect(await invoke('notify', early)).toMatchObject({ is_done: true });
  });

  test.each([
    [{ title: { en: 'Other', ar: 'x' } }],
    [{ ttl: 5 }],
    [{ data: { a: 'b' } }],
    [{ customer_ids: undefined, all: true }],
  ])('rejects an idempotency key that was used for another request, with %j', async (other) => {
    const request = makeRequest({ customer_ids: [7] });
    await invoke('notify', request);
    expect(codeOf(await invoke('notify', { ...request, ...other }))).toBe('idempotency_key_reused');
    await sendQueued();
  });

  test.each<[string, object, [string, string][]]>([
    ['no audience', {}, [['required', 'non_field_errors']]],
    ['two audiences', { all: true, country: 'EG' }, [['invalid', 'country']]],
    ['all: false', { all: false }, [['invalid_choice', 'all']]],
    ['no ids', { customer_ids: [] }, [['min_value', 'customer_ids']]],
    [
      'invalid ids',
      { customer_ids: ['7', 0] },
      [
        ['invalid', 'customer_ids.0'],
        ['min_value', 'customer_ids.1'],
      ],
    ],
    ['an invalid country', { country: 'Egypt' }, [['invalid', 'country']]],
    ['an unknown language', { language: 'fr' }, [['invalid_choice', 'language']]],
    ['a title in one language', { all: true, title: { en: 'x' } }, [['required', 'title.ar']]],
    [
      'an unknown type and a string as the title',
      { all: true, title: 'x', notification_type: 'sale' },
      [
        ['invalid_choice', 'notification_type'],
        ['invalid', 'title.non_field_errors'],
      ],
    ],
    [
      'a blank and a long text',
      { all: true, message_body: { en: ' ', ar: 'x'.repeat(4_001) } },
      [
        ['blank', 'message_body.en'],
        ['max_length', 'message_body.ar'],
      ],
    ],
    ['a reserved key of Firebase', { all: true, data: { from: 'x' } }, [['invalid', 'data.from']]],
    ['a reserved key of Google', { all: true, data: { 'google.x': 'x' } }, [['invalid', 'data.google.x']]],
    [
      'a reserved key of Apple and a number',
      { all: true, data: { aps: 'x', n: 7 } },
      [
        ['invalid', 'data.aps'],
        ['invalid', 'data.n'],
      ],
    ],
    ['too much data', { all: true, data: { x: 'x'.repeat(2_048) } }, [['max_length', 'data']]],
    ['a country that is not served', { country: 'ZZ' }, [['does_not_exist', 'country']]],
    [
      'data with invalid characters',
      { all: true, data: { a: '\ud800', b: 'x\0' } },
      [
        ['invalid', 'data.a'],
        ['invalid', 'data.b'],
      ],
    ],
    ['a reserved name of JavaScript', { all: true, data: { constructor: 'x' } }, [['invalid', 'data.constructor']]],
    ['a time to live of zero', { all: true, ttl: 0 }, [['min_value', 'ttl']]],
    ['a blank idempotency key', { all: true, idempotency_key: '' }, [['blank', 'idempotency_key']]],
  ])('rejects %s, and stores nothing', async (_, fields, expected) => {
    const before = (await world.items()).length;
    const response = await notify(fields);
    expect(response.errors.map(({ code, attr }: TestResponse) => [code, attr])).toEqual(expected);
    expect((await world.items()).length).toBe(before);
  });
});

test('notifyProgress returns not_found for an unknown idempotency key', async () => {
  expect(codeOf(await getProgress('unknown'))).toBe('not_found');
});
