import { randomBytes, randomUUID } from 'node:crypto';
import { deviceKey, pushTokenClaimKey } from '../../lib/table/keys.ts';
import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { addressOf, requestCode, signIn } from '../../lib/testing/stage/signIn.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as listSessions } from '../auth/listSessions.ts';
import { handler as logoutDevice } from '../auth/logoutDevice.ts';
import { handler as revokeSession } from '../auth/revokeSession.ts';
import { handler as authenticate } from '../customers/authenticate.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as createDevice } from './create.ts';
import { handler as destroyDevice } from './destroy.ts';
import { handler as listDevices } from './list.ts';
import { handler as patchDevice } from './partialUpdate.ts';
import { handler as retrieveDevice } from './retrieve.ts';
import { handler as putDevice } from './update.ts';

const world = useWorld();

const newToken = () => `fGx${randomUUID()}:APA91bH_q.w-e`;
const error = (code: string, attr: string | null = null) => expect.objectContaining({ code, attr });
const path = (registration_id: string) => ({ params: { registration_id: encodeURIComponent(registration_id) } });
const create = (token: string, body: unknown) => world.call(createDevice, { token, body });
const list = async (token: string) => (await world.call(listDevices, { method: 'GET', token })).body;
const retrieve = (token: string, id: string) => world.call(retrieveDevice, { method: 'GET', token, ...path(id) });
const put = (token: string, id: string, body: unknown) =>
  world.call(putDevice, { method: 'PUT', token, ...path(id), body });
const patch = (token: string, id: string, body: unknown) =>
  world.call(patchDevice, { method: 'PATCH', token, ...path(id), body });
const destroy = (token: string, id: string) => world.call(destroyDevice, { method: 'DELETE', token, ...path(id) });
const times = <T>(count: number, run: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)));

/** Expects that every device has its token's claim, and every claim its device. */
async function expectConsistent(): Promise<void> {
  const items = await world.items();
  const keys = new Set(items.map(({ pk, sk }) => `${pk} ${sk}`));
  const devices = items.filter(({ sk }) => String(sk).startsWith('DEVICE#'));
  const claims = items.filter(({ pk }) => String(pk).startsWith('PUSH_TOKEN#'));
  expect(devices).toHaveLength(claims.length);
  for (const { registrationId } of devices) {
    const { pk, sk } = pushTokenClaimKey(String(registrationId));
    const claim = claims.find((candidate) => candidate.pk === pk);
    expect(keys).toContain(`${pk} ${sk}`);
    const key = deviceKey(Number(claim?.customerId), String(registrationId));
    expect(keys).toContain(`${key.pk} ${key.sk}`);
  }
}

describe('devices_create', () => {
  test('registers a device', async () => {
    const { access } = await signIn(world);
    const registration_id = newToken();
    const { status, body } = await create(access, { registration_id, type: 'ios', id: 7, date_created: 'x' });
    expect([status, body]).toEqual([
      201,
      {
        id: expect.any(Number),
        name: null,
        registration_id,
        device_id: null,
        active: true,
        date_created: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        type: 'ios',
      },
    ]);
    expect(body.id).not.toBe(7);
    expect((await retrieve(access, registration_id)).body).toEqual(body);
  });

  test('updates a device that is known: 200, the same id, and what is left out stays', async () => {
    const { access } = await signIn(world);
    const registration_id = newToken();
    const first = await create(access, { registration_id, type: 'ios', name: 'Phone', device_id: 'd1', active: false });
    world.advance(60);
    const second = await create(access, { registration_id, type: 'android' });
    expect([second.status, second.body]).toEqual([200, { ...first.body, type: 'android', active: true }]);
    expect((await retrieve(access, registration_id)).body).toEqual(second.body);
    expect((await create(access, { registration_id, type: 'web', name: '' })).body).toMatchObject({ name: null });
  });

  test('takes a device over from another customer, with its id and nothing else', async () => {
    const [before, after] = [await signIn(world), await signIn(world)];
    const registration_id = newToken();
    const old = await create(before.access, { registration_id, type: 'ios', name: "Mona's phone", device_id: 'd1' });
    const taken = await create(after.access, { registration_id, type: 'ios' });
    expect([taken.status, taken.body]).toEqual([200, { ...old.body, name: null, device_id: null }]);
    expect((await retrieve(before.access, registration_id)).status).toBe(404);
    expect((await retrieve(after.access, registration_id)).status).toBe(200);
    await expectConsistent();
  });

  test('makes one device of a hundred registrations at once, whoever they are of', async () => {
    const customers = await times(4, () => signIn(world));
    const registration_id = newToken();
    const responses = await times(100, (index) =>
      create(customers[index % 4]?.access ?? '', { registration_id, type: 'android' }),
    );
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(99);
    expect(new Set(responses.map(({ body }) => body.id)).size).toBe(1);
    const owners = await Promise.all(customers.map(({ access }) => retrieve(access, registration_id)));
    expect(owners.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404]);
    await expectConsistent();
  });

  test.each([
    [{}, { registration_id: 'required', type: 'required' }],
    [
      { registration_id: ' ', type: 'phone' },
      { registration_id: 'blank', type: 'invalid_choice' },
    ],
    [
      { registration_id: null, type: null },
      { registration_id: 'null', type: 'null' },
    ],
    [
      { registration_id: 'x'.repeat(4_097), type: 'ios', name: 'x'.repeat(256), device_id: 'x'.repeat(256) },
      { registration_id: 'max_length', name: 'max_length', device_id: 'max_length' },
    ],
    [{ registration_id: 'x', type: 'ios', active: 'yes' }, { active: 'invalid' }],
    [{ registration_id: 'x', type: 'ios', active: null }, { active: 'null' }],
    [
      { registration_id: 'a\0b', type: 'ios', name: ' ' },
      { registration_id: 'null_characters_not_allowed', name: 'blank' },
    ],
    [{ registration_id: ['x'], type: 'ios' }, { registration_id: 'invalid' }],
  ])('refuses %j', async (body, codes) => {
    const { access } = await signIn(world);
    const response = await create(access, body);
    expect(response.status).toBe(400);
    const found = response.body.errors.map(({ attr, code }: { attr: string; code: string }) => [attr, code]);
    expect(Object.fromEntries(found)).toEqual(codes);
  });

  test('takes a token of 4,096 characters, and finds it by its path', async () => {
    const { access } = await signIn(world);
    const registration_id = `${newToken()}${'x'.repeat(4_096)}`.slice(0, 4_096);
    expect((await create(access, { registration_id, type: 'web' })).status).toBe(201);
    expect((await retrieve(access, registration_id)).body.registration_id).toBe(registration_id);
  });

  test('leaves nothing behind when the customer leaves at the same time', async () => {
    const { access, customer } = await signIn(world);
    const [created] = await Promise.all([
      create(access, { registration_id: newToken(), type: 'ios' }),
      world.call(deleteCustomer, { method: 'DELETE', token: access }),
    ]);
    expect([201, 401]).toContain(created.status);
    expect((await create(access, { registration_id: newToken(), type: 'ios' })).status).toBe(401);
    expect(customer.id).toBeGreaterThan(0);
  });

  test('takes three trips to the table, one after another', async () => {
    const { access } = await signIn(world);
    world.engine.record();
    await create(access, { registration_id: newToken(), type: 'ios' });
    expect(depth(world.engine.calls)).toBe(3);
  });
});

describe('a customer with as many devices as are allowed', () => {
  const idsOf = async (token: string): Promise<string[]> =>
    (await list(token)).map(({ registration_id }: { registration_id: string }) => registration_id);
  async function fill(access: string, count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, newToken);
    for (const registration_id of ids) {
      world.advance(60);
      await create(access, { registration_id, type: 'ios' });
    }
    world.advance(60);
    return ids;
  }

  test('loses an inactive one by registering another, and then the one that was registered the longest ago', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '4' });
    const { access, registrationId } = await signIn(world);
    const [a = '', b = '', c = ''] = await fill(access, 3);
    await patch(access, b, { active: false });
    const [d = ''] = await fill(access, 1);
    expect((await idsOf(access)).toSorted()).toEqual([registrationId, a, c, d].toSorted());
    await create(access, { registration_id: registrationId, type: 'ios' });
    const [e = ''] = await fill(access, 1);
    expect((await idsOf(access)).toSorted()).toEqual([registrationId, c, d, e].toSorted());
    const inactive = newToken();
    expect((await create(access, { registration_id: inactive, type: 'ios', active: false })).status).toBe(201);
    expect((await idsOf(access)).toSorted()).toEqual([registrationId, d, e, inactive].toSorted());
    await expectConsistent();
  });

  test('loses one by signing in on another, also when a session makes room as well', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '3', SESSIONS_PER_CUSTOMER: '1' });
    const own = await signIn(world);
    const [a = '', b = ''] = await fill(own.access, 2);
    world.advance(300);
    const there = await signIn(world, { phone: own.phone, registrationId: newToken() });
    expect((await idsOf(there.access)).toSorted()).toEqual([a, b, there.registrationId].toSorted());
    world.advance(300);
    const back = await signIn(world, { phone: own.phone, registrationId: a });
    expect((await idsOf(back.access)).toSorted()).toEqual([a, b, there.registrationId].toSorted());
    await expectConsistent();
  });

  test('has no more of them after a hundred other registrations at once', async () => {
    const { access, registrationId } = await signIn(world);
    world.advance(60);
    const responses = await times(100, () => create(access, { registration_id: newToken(), type: 'ios' }));
    expect(responses.map(({ status }) => status)).toEqual(Array(100).fill(201));
    const ids = await idsOf(access);
    expect(ids).toHaveLength(50);
    expect(ids).not.toContain(registrationId);
    await expectConsistent();
  });

  test('has no more of them after a sign-in and registrations at once', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '3' });
    for (let round = 0; round < 5; round++) {
      const { access, phone } = await signIn(world);
      world.advance(300);
      const [there] = await Promise.all([
        signIn(world, { phone, registrationId: newToken() }),
        ...Array.from({ length: 5 }, () => create(access, { registration_id: newToken(), type: 'ios' })),
      ]);
      expect(await idsOf(there.access)).toHaveLength(3);
    }
    await expectConsistent();
  });

  test('keeps the one that its app registers again at that moment', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '3' });
    const { access, registrationId } = await signIn(world);
    const [a = '', b = ''] = await fill(access, 2);
    let renewed: Promise<unknown> | undefined;
    let isRenewed = false;
    world.engine.fail((operation) => {
      if (operation !== 'TransactWriteItems' || isRenewed) return undefined;
      renewed ??= create(access, { registration_id: registrationId, type: 'ios' }).finally(() => {
        isRenewed = true;
      });
      const extra = { CancellationReasons: [{ Code: 'TransactionConflict' }] };
      return { status: 400, type: 'TransactionCanceledException', extra };
    });
    const another = newToken();
    expect((await create(access, { registration_id: another, type: 'ios' })).status).toBe(201);
    await renewed;
    expect((await idsOf(access)).toSorted()).toEqual([registrationId, b, another].toSorted());
    expect((await retrieve(access, a)).status).toBe(404);
  });

  test.each([
    ['another device', async () => newToken()],
    ['the same device', async (last: string) => last],
  ])('and had more before comes down to them by registering %s', async (_, next) => {
    world.set({ DEVICES_PER_CUSTOMER: '500' });
    const { access } = await signIn(world);
    const ids = Array.from({ length: 59 }, newToken);
    await Promise.all(ids.slice(0, 58).map((registration_id) => create(access, { registration_id, type: 'ios' })));
    const [last = ''] = await fill(access, 1);
    world.set({ DEVICES_PER_CUSTOMER: '10' });
    const registration_id = await next(last);
    for (let turn = 0; turn < 2; turn++) await create(access, { registration_id, type: 'ios' });
    const left = await idsOf(access);
    expect(left).toHaveLength(10);
    expect(left).toContain(last);
    expect(left).toContain(registration_id);
    await expectConsistent();
  });
});

describe('a customer', () => {
  test('may add a device for each one that was removed or has changed hands, and none goes for it', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '3' });
    const [own, other] = [await signIn(world), await signIn(world)];
    const [a, b] = [newToken(), newToken()];
    for (const registration_id of [a, b]) await create(own.access, { registration_id, type: 'ios' });
    for (let turn = 0; turn < 3; turn++) {
      await destroy(own.access, a);
      await create(other.access, { registration_id: b, type: 'ios' });
      for (const registration_id of [a, b]) await create(own.access, { registration_id, type: 'ios' });
      expect(await list(own.access)).toHaveLength(3);
    }
    await expectConsistent();
  });

  test.each([1, 2])(
    'has no more than are allowed when several are added at once after %i was removed',
    async (count) => {
      world.set({ DEVICES_PER_CUSTOMER: '3' });
      const { access } = await signIn(world);
      const ids = [newToken(), newToken()];
      for (const registration_id of ids) await create(access, { registration_id, type: 'ios' });
      for (const id of ids.slice(0, count)) await destroy(access, id);
      await times(5, () => create(access, { registration_id: newToken(), type: 'ios' }));
      expect(await list(access)).toHaveLength(3);
      await expectConsistent();
    },
  );
});

describe('devices_list', () => {
  test("has the customer's own devices, the newest first, the one signed in on among them", async () => {
    const { access, registrationId } = await signIn(world);
    const ids = [registrationId];
    for (const type of ['ios', 'web']) {
      world.advance(60);
      const registration_id = newToken();
      await create(access, { registration_id, type });
      ids.unshift(registration_id);
    }
    await signIn(world);
    expect((await list(access)).map(({ registration_id }: { registration_id: string }) => registration_id)).toEqual(
      ids,
    );
  });
});

describe('devices_retrieve', () => {
  test("does not tell somebody else's device from none", async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    const responses = [
      await retrieve(other.access, mine.registrationId),
      await put(other.access, mine.registrationId, { registration_id: mine.registrationId, type: 'ios' }),
      await patch(other.access, mine.registrationId, { name: 'mine now' }),
      await patch(other.access, mine.registrationId, {}),
      await destroy(other.access, mine.registrationId),
      await retrieve(other.access, newToken()),
    ];
    for (const { status, body } of responses) expect([status, body.errors]).toEqual([404, [error('not_found')]]);
    expect((await retrieve(mine.access, mine.registrationId)).status).toBe(200);
  });

  test('takes a token in the path encoded or as it is', async () => {
    const { access } = await signIn(world);
    const registration_id = newToken();
    await create(access, { registration_id, type: 'ios' });
    const plain = await world.call(retrieveDevice, { method: 'GET', token: access, params: { registration_id } });
    expect([plain.status, (await retrieve(access, registration_id)).status]).toEqual([200, 200]);
  });
});

describe.each([
  ['devices_update', put],
  ['devices_partial_update', patch],
])('%s', (_, change) => {
  test('changes the push token: the id stays, and the old token finds nothing', async () => {
    const { access } = await signIn(world);
    const [from, to] = [newToken(), newToken()];
    const { body } = await create(access, { registration_id: from, type: 'ios', name: 'Phone' });
    const changed = await change(access, from, { registration_id: to, type: 'android' });
    expect([changed.status, changed.body]).toEqual([200, { ...body, registration_id: to, type: 'android' }]);
    expect((await retrieve(access, from)).status).toBe(404);
    expect((await retrieve(access, to)).body).toEqual(changed.body);
    expect((await create(access, { registration_id: from, type: 'ios' })).status).toBe(201);
    await expectConsistent();
  });

  test('refuses a push token that another device holds, of whoever', async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    const own = newToken();
    await create(mine.access, { registration_id: own, type: 'ios' });
    for (const taken of [own, other.registrationId]) {
      const { status, body } = await change(mine.access, mine.registrationId, { registration_id: taken, type: 'ios' });
      expect([status, body.errors]).toEqual([400, [error('unique', 'registration_id')]]);
    }
    expect((await retrieve(other.access, other.registrationId)).status).toBe(200);
    await expectConsistent();
  });

  test('lets one of ten have a token that all want at once', async () => {
    const customers = await times(10, () => signIn(world));
    const wanted = newToken();
    const responses = await Promise.all(
      customers.map(({ access, registrationId }) =>
        change(access, registrationId, { registration_id: wanted, type: 'ios' }),
      ),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(400)]);
    await expectConsistent();
  });

  test('takes three trips to the table, one after another', async () => {
    const { access, registrationId } = await signIn(world);
    world.engine.record();
    await change(access, registrationId, { registration_id: newToken(), type: 'ios' });
    expect(depth(world.engine.calls)).toBe(3);
  });
});

describe('devices_update', () => {
  test('sets active to true when it is left out; name and device_id stay', async () => {
    const { access, registrationId } = await signIn(world);
    await patch(access, registrationId, { active: false, name: 'Phone', device_id: 'd1' });
    const { body } = await put(access, registrationId, { registration_id: registrationId, type: 'web' });
    expect(body).toMatchObject({ active: true, name: 'Phone', device_id: 'd1', type: 'web' });
    expect((await put(access, registrationId, { type: 'web' })).body.errors).toEqual([
      error('required', 'registration_id'),
    ]);
    expect((await put(access, registrationId, { registration_id: 'x' })).body.errors).toEqual([
      error('required', 'type'),
    ]);
  });
});

describe('devices_partial_update', () => {
  test('changes what is named and leaves the rest alone', async () => {
    const { access, registrationId } = await signIn(world);
    expect((await patch(access, registrationId, { active: false })).body).toMatchObject({
      active: false,
      type: 'android',
    });
    expect((await patch(access, registrationId, { name: ' Phone ' })).body).toMatchObject({
      active: false,
      name: 'Phone',
    });
    expect((await patch(access, registrationId, { name: null })).body.name).toBeNull();
    expect((await patch(access, registrationId, {})).body).toEqual((await retrieve(access, registrationId)).body);
    expect((await patch(access, registrationId, { type: null })).body.errors).toEqual([error('null', 'type')]);
  });

  test('takes the session along to another push token, so that signing out there still stops its pushes', async () => {
    const own = await signIn(world);
    const there = await signIn(world, { phone: own.phone, registrationId: newToken() }).catch(async () => {
      world.advance(120);
      return signIn(world, { phone: own.phone, registrationId: newToken() });
    });
    const to = newToken();
    await patch(there.access, there.registrationId, { registration_id: to, name: 'Tablet' });
    const sessions = (await world.call(listSessions, { method: 'GET', token: own.access })).body;
    const session = sessions.find(({ device_name }: { device_name: string }) => device_name === 'Tablet');
    const params = { id: String(session.id) };
    await world.call(revokeSession, { method: 'DELETE', token: own.access, params });
    expect((await retrieve(own.access, to)).body.active).toBe(false);
  });

  test('loses no change when two fields are changed while the token changes', async () => {
    const { access, registrationId } = await signIn(world);
    const to = newToken();
    const [moved, named] = await Promise.all([
      patch(access, registrationId, { registration_id: to }),
      patch(access, registrationId, { name: 'Phone' }),
    ]);
    expect(moved.status).toBe(200);
    expect((await retrieve(access, to)).body.name).toBe(named.status === 200 ? 'Phone' : null);
    await expectConsistent();
  });
});

describe('devices_destroy', () => {
  test('forgets a device once, and its token is free', async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    const responses = await times(5, () => destroy(mine.access, mine.registrationId));
    expect(responses.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404]);
    expect(await list(mine.access)).toEqual([]);
    const { status } = await create(other.access, { registration_id: mine.registrationId, type: 'ios' });
    expect(status).toBe(201);
    await expectConsistent();
  });

  test('never leaves a claim without a device when the phone changes hands in the same moment', async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    for (let round = 0; round < 10; round++) {
      const registration_id = newToken();
      await create(mine.access, { registration_id, type: 'ios' });
      const [destroyed, taken] = await Promise.all([
        destroy(mine.access, registration_id),
        create(other.access, { registration_id, type: 'ios' }),
      ]);
      expect([204, 404]).toContain(destroyed.status);
      expect([200, 201]).toContain(taken.status);
      expect((await retrieve(other.access, registration_id)).status).toBe(200);
    }
    await expectConsistent();
  });
});

describe('an APNs token', () => {
  const newApnsToken = () => randomBytes(32).toString('hex');
  const described = (token: string) => `<${token.match(/.{8}/g)?.join(' ')}>`;
  const spellings = [
    ['in capitals', (token: string) => token.toUpperCase()],
    ['as iOS describes it', described],
    ['in capitals with spaces', (token: string) => described(token).toUpperCase().slice(1, -1)],
  ] as const;
  const idsOf = async (token: string) =>
    (await list(token)).map(({ registration_id }: { registration_id: string }) => registration_id);
  const signInOn = async (phone: string, registration_id: string, type = 'ios') => {
    const device = { registration_id, type };
    const body = { phone_number: phone, otp: await requestCode(world, phone), device, language: 'en' };
    return (await world.call(authenticate, { body, clientIp: addressOf(phone) })).body;
  };

  test.each(spellings)('%s is the same device when another customer registers it, in lower case', async (_, spell) => {
    const [before, after] = [await signIn(world), await signIn(world)];
    const token = newApnsToken();
    const first = await create(before.access, { registration_id: spell(token), type: 'ios' });
    expect([first.status, first.body.registration_id]).toEqual([201, token]);
    const second = await create(after.access, { registration_id: token, type: 'ios' });
    expect([second.status, second.body.id]).toEqual([200, first.body.id]);
    expect(await idsOf(before.access)).toEqual([before.registrationId]);
    await expectConsistent();
  });

  test.each(spellings)('%s is the same device when another customer signs in on it', async (_, spell) => {
    const token = newApnsToken();
    const before = await signInOn(world.phone(), token);
    const after = await signInOn(world.phone(), spell(token));
    expect([await idsOf(before.access), await idsOf(after.access)]).toEqual([[], [token]]);
    await expectConsistent();
  });

  test.each(spellings)('%s in a path names its device, also URL-encoded', async (_, spell) => {
    const { access } = await signIn(world);
    const token = newApnsToken();
    const given = spell(token);
    const { body } = await create(access, { registration_id: token, type: 'ios' });
    const plain = { method: 'GET', token: access, params: { registration_id: given } };
    expect((await world.call(retrieveDevice, plain)).body).toEqual(body);
    expect((await retrieve(access, given)).body).toEqual(body);
    expect((await patch(access, given, { name: 'Phone' })).body).toEqual({ ...body, name: 'Phone' });
    expect((await put(access, given, { registration_id: given, type: 'ios' })).body.registration_id).toBe(token);
    expect((await destroy(access, given)).status).toBe(204);
    expect((await retrieve(access, token)).status).toBe(404);
    await expectConsistent();
  });

  test.each(spellings)(
    '%s is stored in its canonical form by PUT and PATCH, and held by one device',
    async (_, spell) => {
      const [mine, other] = [await signIn(world), await signIn(world)];
      for (const change of [put, patch]) {
        const [from, to] = [newApnsToken(), newApnsToken()];
        await create(mine.access, { registration_id: from, type: 'ios' });
        const changed = await change(mine.access, spell(from), { registration_id: spell(to), type: 'ios' });
        expect([changed.status, changed.body.registration_id]).toEqual([200, to]);
        const taken = await change(other.access, other.registrationId, { registration_id: spell(to), type: 'ios' });
        expect([taken.status, taken.body.errors]).toEqual([400, [error('unique', 'registration_id')]]);
      }
      await expectConsistent();
    },
  );

  test.each(spellings)('%s stops the pushes of its device at logoutDevice', async (_, spell) => {
    const token = newApnsToken();
    const phone = world.phone();
    const { access, refresh } = await signInOn(phone, token);
    const body = { refresh_token: refresh, registration_id: spell(token) };
    expect((await world.call(logoutDevice, { token: access, body })).status).toBe(204);
    world.advance(3_600);
    const again = await signInOn(phone, newApnsToken());
    expect((await retrieve(again.access, token)).body.active).toBe(false);
  });

  test('of an unknown device is ignored at logoutDevice, which ends the session', async () => {
    const { access, refresh } = await signIn(world);
    const body = { refresh_token: refresh, registration_id: newApnsToken().toUpperCase() };
    expect((await world.call(logoutDevice, { token: access, body })).status).toBe(204);
    expect((await world.call(listDevices, { method: 'GET', token: access })).status).toBe(401);
  });

  test.each(spellings)('that was stored %s keeps its device, whoever registers it next', async (_, spell) => {
    const [before, after] = [await signIn(world), await signIn(world)];
    const token = newApnsToken();
    await storeAsBefore(before.access, spell(token));
    const [shown] = (await list(before.access)).filter(({ type }: { type: string }) => type === 'ios');
    expect(shown.registration_id).toBe(token);
    expect((await retrieve(before.access, spell(token))).body).toEqual(shown);
    const registered = await create(after.access, { registration_id: spell(token), type: 'ios' });
    expect([registered.status, registered.body.id]).toEqual([200, shown.id]);
    expect(await idsOf(before.access)).toEqual([before.registrationId]);
    expect(await storedTokens(token)).toEqual([token]);
    await expectConsistent();
  });

  test('that was stored in capitals is one device after its owner and others used it in lower case', async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    const [a, b, c] = [newApnsToken(), newApnsToken(), newApnsToken()];
    for (const token of [a, b, c]) await storeAsBefore(mine.access, token.toUpperCase());
    expect((await patch(mine.access, a, { name: 'Phone' })).body).toMatchObject({ registration_id: a, name: 'Phone' });
    const taken = await patch(other.access, other.registrationId, { registration_id: b, type: 'ios' });
    expect(taken.body.errors).toEqual([error('unique', 'registration_id')]);
    await signInOn(world.phone(), c);
    expect((await idsOf(mine.access)).toSorted()).toEqual([mine.registrationId, a, b].toSorted());
    expect(await Promise.all([a, b, c].map(storedTokens))).toEqual([[a], [b], [c]]);
    await expectConsistent();
  });

  test('that two customers hold in two spellings stays with the one who registers it again', async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    const token = newApnsToken();
    await create(other.access, { registration_id: token, type: 'ios' });
    await storeAsBefore(mine.access, token.toUpperCase());
    expect((await create(other.access, { registration_id: token, type: 'ios' })).status).toBe(200);
    expect(await idsOf(mine.access)).toEqual([mine.registrationId]);
    await expectConsistent();
  });

  test.each(['android', 'web'])(
    'is what it says it is: the same characters of type %s stay as they are',
    async (type) => {
      const { access, registrationId } = await signIn(world);
      const token = newApnsToken().toUpperCase();
      const { body } = await create(access, { registration_id: token, type });
      expect(body.registration_id).toBe(token);
      expect((await retrieve(access, token)).body).toEqual(body);
      expect((await retrieve(access, token.toLowerCase())).status).toBe(404);
      await create(access, { registration_id: token, type: 'ios' });
      expect((await idsOf(access)).toSorted()).toEqual([token, token.toLowerCase(), registrationId].toSorted());
      const other = await signInOn(world.phone(), token, type);
      expect(await idsOf(other.access)).toEqual([token]);
      await expectConsistent();
    },
  );

  test('takes no more trips to the table than any other token', async () => {
    const { access } = await signIn(world);
    const token = newApnsToken();
    world.engine.record();
    await create(access, { registration_id: token.toUpperCase(), type: 'ios' });
    expect(depth(world.engine.calls)).toBe(3);
    world.engine.record();
    await patch(access, token, { registration_id: newApnsToken(), type: 'ios' });
    expect(depth(world.engine.calls)).toBe(3);
  });

  /** Stores an iOS device under the token as given, as earlier versions did. */
  async function storeAsBefore(access: string, token: string): Promise<void> {
    await create(access, { registration_id: token, type: 'android' });
    const stored = (await world.items()).find((item) => item.registrationId === token && 'active' in item);
    await world.put({ ...stored, type: 'ios' });
  }

  async function storedTokens(token: string) {
    const stored = (await world.items()).filter((item) => 'active' in item && 'registrationId' in item);
    const apns = (value: unknown) =>
      String(value)
        .replace(/[\s<>]/g, '')
        .toLowerCase();
    return stored.map(({ registrationId }) => registrationId).filter((value) => apns(value) === token);
  }
});
