import { randomBytes, randomUUID } from 'node:crypto';
import { deviceKey, pushTokenClaimKey } from '../../lib/table/keys.ts';
import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { addressOf, requestOtp, signIn } from '../../lib/testing/stage/signIn.ts';
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
const makePath = (registration_id: string) => ({ params: { registration_id: encodeURIComponent(registration_id) } });
const create = (token: string, body: unknown) => world.call(createDevice, { token, body });
const list = async (token: string) => (await world.call(listDevices, { method: 'GET', token })).body;
const retrieve = (token: string, id: string) => world.call(retrieveDevice, { method: 'GET', token, ...makePath(id) });
const put = (token: string, id: string, body: unknown) =>
  world.call(putDevice, { method: 'PUT', token, ...makePath(id), body });
const patch = (token: string, id: string, body: unknown) =>
  world.call(patchDevice, { method: 'PATCH', token, ...makePath(id), body });
const destroy = (token: string, id: string) => world.call(destroyDevice, { method: 'DELETE', token, ...makePath(id) });
const runParallel = <T>(count: number, run: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)));

/** Expects that every device has the unique claim of its token, and every claim its device. */
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

  test('updates a known device and returns 200, with the same id and unchanged other fields', async () => {
    const { access } = await signIn(world);
    const registration_id = newToken();
    const first = await create(access, { registration_id, type: 'ios', name: 'Phone', device_id: 'd1', active: false });
    world.advance(60);
    const second = await create(access, { registration_id, type: 'android' });
    expect([second.status, second.body]).toEqual([200, { ...first.body, type: 'android', active: true }]);
    expect((await retrieve(access, registration_id)).body).toEqual(second.body);
    expect((await create(access, { registration_id, type: 'web', name: '' })).body).toMatchObject({ name: null });
  });

  test("moves another customer's device to the caller, with only its id", async () => {
    const [before, after] = [await signIn(world), await signIn(world)];
    const registration_id = newToken();
    const old = await create(before.access, { registration_id, type: 'ios', name: "Mona's phone", device_id: 'd1' });
    const moved = await create(after.access, { registration_id, type: 'ios' });
    expect([moved.status, moved.body]).toEqual([200, { ...old.body, name: null, device_id: null }]);
    expect((await retrieve(before.access, registration_id)).status).toBe(404);
    expect((await retrieve(after.access, registration_id)).status).toBe(200);
    await expectConsistent();
  });

  test('creates one device for a hundred parallel registrations by several customers', async () => {
    const customers = await runParallel(4, () => signIn(world));
    const registration_id = newToken();
    const responses = await runParallel(100, (index) =>
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
  ])('rejects %j', async (body, codes) => {
    const { access } = await signIn(world);
    const response = await create(access, body);
    expect(response.status).toBe(400);
    const found = response.body.errors.map(({ attr, code }: { attr: string; code: string }) => [attr, code]);
    expect(Object.fromEntries(found)).toEqual(codes);
  });

  test('accepts a token of 4,096 characters, and finds it by its path', async () => {
    const { access } = await signIn(world);
    const registration_id = `${newToken()}${'x'.repeat(4_096)}`.slice(0, 4_096);
    expect((await create(access, { registration_id, type: 'web' })).status).toBe(201);
    expect((await retrieve(access, registration_id)).body.registration_id).toBe(registration_id);
  });

  test('leaves nothing behind when the customer is deleted in parallel', async () => {
    const { access, customer } = await signIn(world);
    const [created] = await Promise.all([
      create(access, { registration_id: newToken(), type: 'ios' }),
      world.call(deleteCustomer, { method: 'DELETE', token: access }),
    ]);
    expect([201, 401]).toContain(created.status);
    expect((await create(access, { registration_id: newToken(), type: 'ios' })).status).toBe(401);
    expect(customer.id).toBeGreaterThan(0);
  });

  test('makes three sequential calls to the table', async () => {
    const { access } = await signIn(world);
    world.engine.record();
    await create(access, { registration_id: newToken(), type: 'ios' });
    expect(depth(world.engine.calls)).toBe(3);
  });
});

describe('a customer at the device limit', () => {
  const listIds = async (token: string): Promise<string[]> =>
    (await list(token)).map(({ registration_id }: { registration_id: string }) => registration_id);
  async function addDevices(access: string, count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, newToken);
    for (const registration_id of ids) {
      world.advance(60);
      await create(access, { registration_id, type: 'ios' });
    }
    world.advance(60);
    return ids;
  }

  test('loses an inactive device to a new one, and then the device that was registered longest ago', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '4' });
    const { access, registrationId } = await signIn(world);
    const [a = '', b = '', c = ''] = await addDevices(access, 3);
    await patch(access, b, { active: false });
    const [d = ''] = await addDevices(access, 1);
    expect((await listIds(access)).toSorted()).toEqual([registrationId, a, c, d].toSorted());
    await create(access, { registration_id: registrationId, type: 'ios' });
    const [e = ''] = await addDevices(access, 1);
    expect((await listIds(access)).toSorted()).toEqual([registrationId, c, d, e].toSorted());
    const inactive = newToken();
    expect((await create(access, { registration_id: inactive, type: 'ios', active: false })).status).toBe(201);
    expect((await listIds(access)).toSorted()).toEqual([registrationId, d, e, inactive].toSorted());
    await expectConsistent();
  });

  test('loses a device to a sign-in on another, even at the session limit', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '3', SESSIONS_PER_CUSTOMER: '1' });
    const own = await signIn(world);
    const [a = '', b = ''] = await addDevices(own.access, 2);
    world.advance(300);
    const second = await signIn(world, { phone: own.phone, registrationId: newToken() });
    expect((await listIds(second.access)).toSorted()).toEqual([a, b, second.registrationId].toSorted());
    world.advance(300);
    const third = await signIn(world, { phone: own.phone, registrationId: a });
    expect((await listIds(third.access)).toSorted()).toEqual([a, b, second.registrationId].toSorted());
    await expectConsistent();
  });

  test('stays at the limit after a hundred parallel registrations', async () => {
    const { access, registrationId } = await signIn(world);
    world.advance(60);
    const responses = await runParallel(100, () => create(access, { registration_id: newToken(), type: 'ios' }));
    expect(responses.map(({ status }) => status)).toEqual(Array(100).fill(201));
    const ids = await listIds(access);
    expect(ids).toHaveLength(50);
    expect(ids).not.toContain(registrationId);
    await expectConsistent();
  });

  test('stays at the limit after a sign-in and parallel registrations', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '3' });
    for (let round = 0; round < 5; round++) {
      const { access, phone } = await signIn(world);
      world.advance(300);
      const [second] = await Promise.all([
        signIn(world, { phone, registrationId: newToken() }),
        ...Array.from({ length: 5 }, () => create(access, { registration_id: newToken(), type: 'ios' })),
      ]);
      expect(await listIds(second.access)).toHaveLength(3);
    }
    await expectConsistent();
  });

  test('keeps a device that its app registers again in parallel', async () => {
    world.set({ DEVICES_PER_CUSTOMER: '3' });
    const { access, registrationId } = await signIn(world);
    const [a = '', b = ''] = await addDevices(access, 2);
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
    expect((await listIds(access)).toSorted()).toEqual([registrationId, b, another].toSorted());
    expect((await retrieve(access, a)).status).toBe(404);
  });

  test.each([
    ['another device', async () => newToken()],
    ['the same device', async (last: string) => last],
  ])('who had more devices before returns to the limit by registering %s', async (_, next) => {
    world.set({ DEVICES_PER_CUSTOMER: '500' });
    const { access } = await signIn(world);
    const ids = Array.from({ length: 59 }, newToken);
    await Promise.all(ids.slice(0, 58).map((registration_id) => create(access, { registration_id, type: 'ios' })));
    const [last = ''] = await addDevices(access, 1);
    world.set({ DEVICES_PER_CUSTOMER: '10' });
    const registration_id = await next(last);
    for (let turn = 0; turn < 2; turn++) await create(access, { registration_id, type: 'ios' });
    const remaining = await listIds(access);
    expect(remaining).toHaveLength(10);
    expect(remaining).toContain(last);
    expect(remaining).toContain(registration_id);
    await expectConsistent();
  });
});

describe('a customer below the device limit', () => {
  test('can add a device for each one that was deleted or moved, without losing another', async () => {
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

  test.each([1, 2])('stays at the limit when several are added in parallel after the deletion of %i', async (count) => {
    world.set({ DEVICES_PER_CUSTOMER: '3' });
    const { access } = await signIn(world);
    const ids = [newToken(), newToken()];
    for (const registration_id of ids) await create(access, { registration_id, type: 'ios' });
    for (const id of ids.slice(0, count)) await destroy(access, id);
    await runParallel(5, () => create(access, { registration_id: newToken(), type: 'ios' }));
    expect(await list(access)).toHaveLength(3);
    await expectConsistent();
  });
});

describe('devices_list', () => {
  test("returns the customer's own devices, newest first, including the one of the sign-in", async () => {
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
  test("returns the same 404 for another customer's device as for an unknown one", async () => {
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

  test('accepts an encoded or plain token in the path', async () => {
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
  test('changes the push token and keeps the id, and the old token returns 404', async () => {
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

  test('rejects the push token of another device of any customer', async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    const own = newToken();
    await create(mine.access, { registration_id: own, type: 'ios' });
    for (const token of [own, other.registrationId]) {
      const { status, body } = await change(mine.access, mine.registrationId, { registration_id: token, type: 'ios' });
      expect([status, body.errors]).toEqual([400, [error('unique', 'registration_id')]]);
    }
    expect((await retrieve(other.access, other.registrationId)).status).toBe(200);
    await expectConsistent();
  });

  test('gives a token to one of ten parallel requests', async () => {
    const customers = await runParallel(10, () => signIn(world));
    const contested = newToken();
    const responses = await Promise.all(
      customers.map(({ access, registrationId }) =>
        change(access, registrationId, { registration_id: contested, type: 'ios' }),
      ),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(400)]);
    await expectConsistent();
  });

  test('makes three sequential calls to the table', async () => {
    const { access, registrationId } = await signIn(world);
    world.engine.record();
    await change(access, registrationId, { registration_id: newToken(), type: 'ios' });
    expect(depth(world.engine.calls)).toBe(3);
  });
});

describe('devices_update', () => {
  test('sets active to true if the request omits it, and keeps name and device_id', async () => {
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
  test('changes only the fields in the request', async () => {
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

  test('keeps the session of the device, so a revocation still stops pushes to the new token', async () => {
    const own = await signIn(world);
    const second = await signIn(world, { phone: own.phone, registrationId: newToken() }).catch(async () => {
      world.advance(120);
      return signIn(world, { phone: own.phone, registrationId: newToken() });
    });
    const to = newToken();
    await patch(second.access, second.registrationId, { registration_id: to, name: 'Tablet' });
    const sessions = (await world.call(listSessions, { method: 'GET', token: own.access })).body;
    const session = sessions.find(({ device_name }: { device_name: string }) => device_name === 'Tablet');
    const params = { id: String(session.id) };
    await world.call(revokeSession, { method: 'DELETE', token: own.access, params });
    expect((await retrieve(own.access, to)).body.active).toBe(false);
  });

  test('loses no change of another field while the token changes', async () => {
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
  test('deletes a device once, and releases its token', async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    const responses = await runParallel(5, () => destroy(mine.access, mine.registrationId));
    expect(responses.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404]);
    expect(await list(mine.access)).toEqual([]);
    const { status } = await create(other.access, { registration_id: mine.registrationId, type: 'ios' });
    expect(status).toBe(201);
    await expectConsistent();
  });

  test('never leaves a unique claim without a device when the device moves in parallel', async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    for (let round = 0; round < 10; round++) {
      const registration_id = newToken();
      await create(mine.access, { registration_id, type: 'ios' });
      const [destroyed, moved] = await Promise.all([
        destroy(mine.access, registration_id),
        create(other.access, { registration_id, type: 'ios' }),
      ]);
      expect([204, 404]).toContain(destroyed.status);
      expect([200, 201]).toContain(moved.status);
      expect((await retrieve(other.access, registration_id)).status).toBe(200);
    }
    await expectConsistent();
  });
});

describe('an APNs token', () => {
  const newApnsToken = () => randomBytes(32).toString('hex');
  const describeToken = (token: string) => `<${token.match(/.{8}/g)?.join(' ')}>`;
  const spellings = [
    ['in upper case', (token: string) => token.toUpperCase()],
    ['as iOS describes it', describeToken],
    ['in upper case with spaces', (token: string) => describeToken(token).toUpperCase().slice(1, -1)],
  ] as const;
  const listIds = async (token: string) =>
    (await list(token)).map(({ registration_id }: { registration_id: string }) => registration_id);
  const signInOn = async (phone: string, registration_id: string, type = 'ios') => {
    const device = { registration_id, type };
    const body = { phone_number: phone, otp: await requestOtp(world, phone), device, language: 'en' };
    return (await world.call(authenticate, { body, clientIp: addressOf(phone) })).body;
  };

  test.each(spellings)('%s is the same device when another customer registers it in lower case', async (_, spell) => {
    const [before, after] = [await signIn(world), await signIn(world)];
    const token = newApnsToken();
    const first = await create(before.access, { registration_id: spell(token), type: 'ios' });
    expect([first.status, first.body.registration_id]).toEqual([201, token]);
    const second = await create(after.access, { registration_id: token, type: 'ios' });
    expect([second.status, second.body.id]).toEqual([200, first.body.id]);
    expect(await listIds(before.access)).toEqual([before.registrationId]);
    await expectConsistent();
  });

  test.each(spellings)('%s is the same device when another customer signs in on it', async (_, spell) => {
    const token = newApnsToken();
    const before = await signInOn(world.phone(), token);
    const after = await signInOn(world.phone(), spell(token));
    expect([await listIds(before.access), await listIds(after.access)]).toEqual([[], [token]]);
    await expectConsistent();
  });

  test.each(spellings)('%s identifies its device in a path, plain or URL-encoded', async (_, spell) => {
    const { access } = await signIn(world);
    const token = newApnsToken();
    const spelled = spell(token);
    const { body } = await create(access, { registration_id: token, type: 'ios' });
    const plain = { method: 'GET', token: access, params: { registration_id: spelled } };
    expect((await world.call(retrieveDevice, plain)).body).toEqual(body);
    expect((await retrieve(access, spelled)).body).toEqual(body);
    expect((await patch(access, spelled, { name: 'Phone' })).body).toEqual({ ...body, name: 'Phone' });
    expect((await put(access, spelled, { registration_id: spelled, type: 'ios' })).body.registration_id).toBe(token);
    expect((await destroy(access, spelled)).status).toBe(204);
    expect((await retrieve(access, token)).status).toBe(404);
    await expectConsistent();
  });

  test.each(spellings)('%s is stored in its canonical form by PUT and PATCH, for one device', async (_, spell) => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    for (const change of [put, patch]) {
      const [from, to] = [newApnsToken(), newApnsToken()];
      await create(mine.access, { registration_id: from, type: 'ios' });
      const changed = await change(mine.access, spell(from), { registration_id: spell(to), type: 'ios' });
      expect([changed.status, changed.body.registration_id]).toEqual([200, to]);
      const rejected = await change(other.access, other.registrationId, { registration_id: spell(to), type: 'ios' });
      expect([rejected.status, rejected.body.errors]).toEqual([400, [error('unique', 'registration_id')]]);
    }
    await expectConsistent();
  });

  test.each(spellings)('%s in logoutDevice stops pushes to its device', async (_, spell) => {
    const token = newApnsToken();
    const phone = world.phone();
    const { access, refresh } = await signInOn(phone, token);
    const body = { refresh_token: refresh, registration_id: spell(token) };
    expect((await world.call(logoutDevice, { token: access, body })).status).toBe(204);
    world.advance(3_600);
    const again = await signInOn(phone, newApnsToken());
    expect((await retrieve(again.access, token)).body.active).toBe(false);
  });

  test('of an unknown device is ignored by logoutDevice, which revokes the session', async () => {
    const { access, refresh } = await signIn(world);
    const body = { refresh_token: refresh, registration_id: newApnsToken().toUpperCase() };
    expect((await world.call(logoutDevice, { token: access, body })).status).toBe(204);
    expect((await world.call(listDevices, { method: 'GET', token: access })).status).toBe(401);
  });

  test.each(spellings)('that was stored %s keeps its device when another customer registers it', async (_, spell) => {
    const [before, after] = [await signIn(world), await signIn(world)];
    const token = newApnsToken();
    await storeAsBefore(before.access, spell(token));
    const [device] = (await list(before.access)).filter(({ type }: { type: string }) => type === 'ios');
    expect(device.registration_id).toBe(token);
    expect((await retrieve(before.access, spell(token))).body).toEqual(device);
    const registered = await create(after.access, { registration_id: spell(token), type: 'ios' });
    expect([registered.status, registered.body.id]).toEqual([200, device.id]);
    expect(await listIds(before.access)).toEqual([before.registrationId]);
    expect(await listStoredTokens(token)).toEqual([token]);
    await expectConsistent();
  });

  test('that was stored in upper case is one device after its owner and others used it in lower case', async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    const [a, b, c] = [newApnsToken(), newApnsToken(), newApnsToken()];
    for (const token of [a, b, c]) await storeAsBefore(mine.access, token.toUpperCase());
    expect((await patch(mine.access, a, { name: 'Phone' })).body).toMatchObject({ registration_id: a, name: 'Phone' });
    const rejected = await patch(other.access, other.registrationId, { registration_id: b, type: 'ios' });
    expect(rejected.body.errors).toEqual([error('unique', 'registration_id')]);
    await signInOn(world.phone(), c);
    expect((await listIds(mine.access)).toSorted()).toEqual([mine.registrationId, a, b].toSorted());
    expect(await Promise.all([a, b, c].map(listStoredTokens))).toEqual([[a], [b], [c]]);
    await expectConsistent();
  });

  test('that two customers have in two spellings moves to the one who registers it again', async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    const token = newApnsToken();
    await create(other.access, { registration_id: token, type: 'ios' });
    await storeAsBefore(mine.access, token.toUpperCase());
    expect((await create(other.access, { registration_id: token, type: 'ios' })).status).toBe(200);
    expect(await listIds(mine.access)).toEqual([mine.registrationId]);
    await expectConsistent();
  });

  test.each(['android', 'web'])(
    'is recognized by its type, so the same characters of type %s are stored unchanged',
    async (type) => {
      const { access, registrationId } = await signIn(world);
      const token = newApnsToken().toUpperCase();
      const { body } = await create(access, { registration_id: token, type });
      expect(body.registration_id).toBe(token);
      expect((await retrieve(access, token)).body).toEqual(body);
      expect((await retrieve(access, token.toLowerCase())).status).toBe(404);
      await create(access, { registration_id: token, type: 'ios' });
      expect((await listIds(access)).toSorted()).toEqual([token, token.toLowerCase(), registrationId].toSorted());
      const other = await signInOn(world.phone(), token, type);
      expect(await listIds(other.access)).toEqual([token]);
      await expectConsistent();
    },
  );

  test('makes no more sequential calls to the table than any other token', async () => {
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

  async function listStoredTokens(token: string) {
    const stored = (await world.items()).filter((item) => 'active' in item && 'registrationId' in item);
    const normalize = (value: unknown) =>
      String(value)
        .replace(/[\s<>]/g, '')
        .toLowerCase();
    return stored.map(({ registrationId }) => registrationId).filter((value) => normalize(value) === token);
  }
});
