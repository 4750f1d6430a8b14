import { addressKey, profileKey } from '../../lib/table/keys.ts';
import { callWithForm, type FormFields, file, listImages } from '../../lib/testing/fixtures/forms.ts';
import { jpeg, png } from '../../lib/testing/fixtures/images.ts';
import { depth } from '../../lib/testing/stage/engineProxy.ts';
import { signIn } from '../../lib/testing/stage/signIn.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as deleteCustomer } from '../customers/delete.ts';
import { handler as getCustomer } from '../customers/get.ts';
import { handler as updateCustomer } from '../customers/update.ts';
import { handler as createAddress } from './create.ts';
import { handler as deleteAddress } from './delete.ts';
import { handler as listAddresses } from './list.ts';
import { handler as updateAddress } from './update.ts';

const world = useWorld();

const error = (code: string, attr: string | null = null) => expect.objectContaining({ code, attr });
const makePoint = (...coordinates: unknown[]) => ({ type: 'Point', coordinates });
const cairo = makePoint(31.2357, 30.0444);
const riyadh = makePoint(46.6753, 24.7136);
const home = { point: cairo, description: '12 Tahrir Square', location_type: 'HOME' };

let homes = 0;
const newHome = () => ({ ...home, description: `Flat ${++homes}` });
const create = (token: string, body: unknown = newHome()) => world.call(createAddress, { token, body });
const createByForm = (token: string, fields: FormFields) => callWithForm(world, createAddress, { token }, fields);
const list = (token: string) => world.call(listAddresses, { method: 'GET', token });
const update = (token: string, id: unknown, body: unknown) =>
  world.call(updateAddress, { method: 'PATCH', token, params: { id: String(id) }, body });
const updateByForm = (token: string, id: number, fields: FormFields) =>
  callWithForm(world, updateAddress, { method: 'PATCH', token, params: { id: String(id) } }, fields);
const remove = (token: string, id: unknown) =>
  world.call(deleteAddress, { method: 'DELETE', token, params: { id: String(id) } });
const makePrimary = (token: string, id: number | null) =>
  world.call(updateCustomer, { method: 'PATCH', token, body: { primary_address: id } });
const getPrimaryId = async (token: string) =>
  (await world.call(getCustomer, { method: 'GET', token })).body.primary_address;
const listIds = async (token: string) => (await list(token)).body.map(({ id }: { id: number }) => id);
const runParallel = <T>(count: number, run: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)));
const sortStatuses = (responses: { status: number }[]) => responses.map(({ status }) => status).sort();

/** Expects that the profile's count and primary address match the stored addresses. */
async function expectConsistent(customerId: number): Promise<void> {
  const items = await world.partition(profileKey(customerId).pk);
  const profile = items.find(({ sk }) => sk === 'PROFILE');
  const addresses = items.filter(({ sk }) => String(sk).startsWith('ADDRESS#'));
  expect(profile?.addressCount).toBe(addresses.length);
  const ids = addresses.map(({ id }) => id);
  if (profile?.primaryAddressId !== null) expect(ids).toContain(profile?.primaryAddressId);
}

describe('CreateAddress', () => {
  test('adds an address and makes it the primary one', async () => {
    const { access } = await signIn(world);
    const first = await create(access, { ...home, map_description: ' Beside the museum ', ignored: true });
    expect([first.status, first.body]).toEqual([
      201,
      {
        id: expect.any(Number),
        description: '12 Tahrir Square',
        location_type: 'HOME',
        point: cairo,
        map_description: 'Beside the museum',
        map_image: null,
      },
    ]);
    expect(await getPrimaryId(access)).toBe(first.body.id);
    const second = await create(access, {
      ...home,
      location_type: 'WORK',
      map_image: 'https://maps.example.com/1.png',
    });
    expect(second.body).toMatchObject({ map_description: '', map_image: 'https://maps.example.com/1.png' });
    expect(await getPrimaryId(access)).toBe(second.body.id);
  });

  test.each([
    [{}, { point: 'required', description: 'required', location_type: 'required' }],
    [
      { ...home, point: null, description: null, location_type: null },
      { point: 'null', description: 'null', location_type: 'null' },
    ],
    [
      { ...home, point: 'Cairo', description: ' ', location_type: 'home' },
      { point: 'invalid', description: 'blank', location_type: 'invalid_choice' },
    ],
    [
      { ...home, description: 'x'.repeat(1_001), map_description: 'x'.repeat(1_001) },
      { description: 'max_length', map_description: 'max_length' },
    ],
    [
      { ...home, description: 'a\0b', map_image: 'http://example.com/x.png' },
      { description: 'null_characters_not_allowed', map_image: 'invalid' },
    ],
    [
      { ...home, description: ['a'], location_type: 7 },
      { description: 'invalid', location_type: 'invalid_choice' },
    ],
    [[], { non_field_errors: 'invalid' }],
  ])('names every invalid field of %j', async (body, codes) => {
    const { access, customer } = await signIn(world);
    const response = await create(access, body);
    expect(response.status).toBe(400);
    const found = response.body.errors.map(({ attr, code }: { attr: string; code: string }) => [attr, code]);
    expect(Object.fromEntries(found)).toEqual(codes);
    expect(await listIds(access)).toEqual([]);
    await expectConsistent(customer.id);
  });

  test.each([
    ['swapped, so out of range', makePoint(30.0444, 131.2357)],
    ['beyond ±180', makePoint(180.5, 30)],
    ['that are strings', makePoint('31.2357', '30.0444')],
    ['with null', makePoint(31.2357, null)],
    ['with one number', makePoint(31.2357)],
    ['with four numbers', makePoint(31.2357, 30.0444, 5, 6)],
    ['without numbers', makePoint()],
    ['nested', makePoint([31.2357, 30.0444])],
    ['in another type', { type: 'Polygon' }],
    ['in another type, with coordinates', { type: 'Polygon', coordinates: [31.2357, 30.0444] }],
    ['without a type', { coordinates: [31.2357, 30.0444] }],
    ['without an object', [31.2357, 30.0444]],
    ['in WKT', 'POINT(31.2357 30.0444)'],
    ['too large for a number', '{"type":"Point","coordinates":[1e999,30]}'],
    ['that are not a number', '{"type":"Point","coordinates":[NaN,30]}'],
  ])('rejects coordinates %s', async (_, point) => {
    const { access } = await signIn(world);
    const { status, body } = await create(access, { ...home, point });
    expect([status, body.type, body.errors]).toEqual([400, 'validation_error', [error('invalid', 'point')]]);
  });

  test.each([
    ['an altitude', [31.2357, 30.0444, 23], [31.2357, 30.0444]],
    ['sixteen digits', [31.235712345678913, 30.04441234567891], [31.235712345678913, 30.04441234567891]],
  ])('accepts a point with %s', async (_, coordinates, stored) => {
    const { access } = await signIn(world);
    const { status, body } = await create(access, { ...home, point: makePoint(...coordinates) });
    expect([status, body.point]).toEqual([201, makePoint(...stored)]);
    expect((await list(access)).body[0].point).toEqual(makePoint(...stored));
  });

  test.each([
    ['outside every region', makePoint(0, 1e-300), 'unsupported_region'],
    ['in a region of another country', riyadh, 'region_country_mismatch'],
  ])('rejects a point %s', async (_, point, code) => {
    const { access, customer } = await signIn(world);
    const { status, body } = await create(access, { ...home, point });
    expect([status, body.type, body.errors]).toEqual([400, 'client_error', [error(code)]]);
    await expectConsistent(customer.id);
  });

  test('creates exactly fifty addresses for sixty parallel requests, and makes one of them primary', async () => {
    const { access, customer } = await signIn(world);
    const responses = await runParallel(60, () => create(access));
    expect(responses.filter(({ status }) => status === 201)).toHaveLength(50);
    for (const { status, body } of responses.filter(({ status }) => status !== 201)) {
      expect([status, body.type, body.errors]).toEqual([400, 'client_error', [error('address_limit_reached')]]);
    }
    expect(await listIds(access)).toHaveLength(50);
    await expectConsistent(customer.id);
    const [primary, another] = await listIds(access);
    expect(primary).toBe(await getPrimaryId(access));
    expect((await remove(access, another)).status).toBe(204);
    expect((await create(access)).status).toBe(201);
  });

  test('returns the same address, as the primary one, when a request is repeated within a minute', async () => {
    const { access, customer } = await signIn(world);
    const first = (await create(access, home)).body;
    const other = (await create(access)).body;
    world.advance(59);
    const { status, body } = await create(access, {
      ...home,
      description: ` ${home.description} `,
      map_description: null,
    });
    expect([status, body]).toEqual([201, first]);
    expect(await getPrimaryId(access)).toBe(first.id);
    world.advance(1);
    expect((await create(access, home)).body.id).not.toBe(first.id);
    expect(await listIds(access)).toEqual(expect.arrayContaining([first.id, other.id]));
    expect(await listIds(access)).toHaveLength(3);
    await expectConsistent(customer.id);
  });

  test('creates one address with one image for ten identical parallel requests', async () => {
    const { access, customer } = await signIn(world);
    const form = { ...home, point: JSON.stringify(cairo), map_image: file(png) };
    const responses = await runParallel(10, () => createByForm(access, form));
    expect(sortStatuses(responses)).toEqual(Array(10).fill(201));
    expect(new Set(responses.map(({ body }) => body.id)).size).toBe(1);
    expect(await listIds(access)).toHaveLength(1);
    expect((await listImages(customer.id)).match(/<Key>/g)).toHaveLength(1);
    await expectConsistent(customer.id);
  });

  test('returns the address when a request is repeated at the address limit', async () => {
    const { access } = await signIn(world);
    await runParallel(49, () => create(access));
    const last = await create(access, home);
    expect(await create(access, home)).toMatchObject({ status: 201, body: last.body });
    expect((await create(access)).body.errors).toEqual([error('address_limit_reached')]);
  });

  test.each([
    ['the address was changed', async (token: string, id: number) => update(token, id, { location_type: 'WORK' })],
    [
      'the address was deleted',
      async (token: string, id: number) => {
        await create(token);
        return remove(token, id);
      },
    ],
    ['the request has another image', undefined],
    ['another customer sends the request', undefined],
  ])('creates a second address for an identical request if %s', async (which, meanwhile) => {
    const { access } = await signIn(world);
    const form = { ...home, point: JSON.stringify(cairo), map_image: file(png) };
    const { body: first } = await createByForm(access, form);
    await meanwhile?.(access, first.id);
    const other = which.startsWith('another customer') ? (await signIn(world)).access : access;
    const image = which.includes('another image') ? file(jpeg) : file(png);
    const second = await createByForm(other, { ...form, map_image: image });
    expect(second.status).toBe(201);
    expect(second.body.id).not.toBe(first.id);
    expect((await createByForm(other, { ...form, map_image: image })).body).toEqual(second.body);
  });

  test('ignores an empty file input of a form', async () => {
    const { access } = await signIn(world);
    const emptyInput = new File([], '', { type: 'application/octet-stream' });
    const { status, body } = await createByForm(access, {
      ...newHome(),
      point: JSON.stringify(cairo),
      map_image: emptyInput,
    });
    expect([status, body.map_image]).toEqual([201, null]);
  });

  test('accepts a form with the point as a string and an image, which is deleted with the address', async () => {
    const { access, customer } = await signIn(world);
    const { status, body } = await createByForm(access, {
      point: JSON.stringify(cairo),
      description: 'Home',
      location_type: 'HOME',
      map_description: '',
      map_image: file(png),
    });
    expect([status, body.point, body.map_description]).toEqual([201, cairo, '']);
    expect((await fetch(body.map_image)).status).toBe(200);
    await create(access);
    await remove(access, body.id);
    expect((await fetch(body.map_image)).status).toBe(404);
    expect(await listImages(customer.id)).not.toContain('<Key>');
  });

  test('stores no image for a rejected address', async () => {
    const { access, customer } = await signIn(world);
    world.set({ ADDRESSES_PER_CUSTOMER: '1' });
    await create(access);
    const form = { description: 'x', location_type: 'HOME', map_image: file(png) };
    const tooMany = await createByForm(access, { ...form, point: JSON.stringify(cairo) });
    const outside = await createByForm(access, { ...form, point: JSON.stringify(makePoint(0, 0)) });
    expect([tooMany, outside].map(({ body }) => body.errors[0].code)).toEqual([
      'address_limit_reached',
      'unsupported_region',
    ]);
    const broken = await createByForm(access, { ...form, point: '{"type":"Point"' });
    expect(broken.body.errors).toEqual([error('invalid', 'point')]);
    expect(await listImages(customer.id)).not.toContain('<Key>');
  });

  test('creates one address if a response of the table is lost', async () => {
    const { access, customer } = await signIn(world);
    let lost = 0;
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' && lost++ === 0 ? 'lose response' : undefined,
    );
    expect((await create(access)).status).toBe(201);
    expect(await listIds(access)).toHaveLength(1);
    await expectConsistent(customer.id);
  });

  test('retries after transaction conflicts', async () => {
    const { access, customer } = await signIn(world);
    const reasons = { CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }] };
    let conflicts = 0;
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' && conflicts++ < 6
        ? { status: 400, type: 'TransactionCanceledException', extra: reasons }
        : undefined,
    );
    expect((await create(access)).status).toBe(201);
    await expectConsistent(customer.id);
  });

  test('makes three sequential calls to the table', async () => {
    const { access } = await signIn(world);
    await create(access);
    world.advance(61);
    world.engine.record();
    await create(access);
    expect(depth(world.engine.calls)).toBe(3);
  });
});

describe('ListAddresses', () => {
  test('returns the primary address first, then the newest', async () => {
    const { access } = await signIn(world);
    const ids: number[] = [];
    for (const description of ['first', 'second', 'third']) {
      ids.unshift((await create(access, { ...home, description })).body.id);
      world.advance(1);
    }
    expect(await listIds(access)).toEqual(ids);
    const [third, second, first] = ids;
    await makePrimary(access, first ?? 0);
    expect(await listIds(access)).toEqual([first, third, second]);
    await makePrimary(access, null);
    expect(await listIds(access)).toEqual([third, second, first]);
  });

  test("returns an empty list to a new customer, without another customer's addresses", async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    await create(mine.access);
    expect(await listIds(other.access)).toEqual([]);
  });
});

describe('UpdateAddress', () => {
  test('changes only the fields in the request', async () => {
    const { access } = await signIn(world);
    const { body } = await create(access, { ...home, map_description: 'Beside the museum' });
    const moved = await update(access, body.id, { point: makePoint(32.8998, 24.0889), location_type: ' WORK ' });
    expect([moved.status, moved.body]).toEqual([
      200,
      { ...body, point: makePoint(32.8998, 24.0889), location_type: 'WORK' },
    ]);
    expect((await update(access, body.id, { map_description: '' })).body.map_description).toBe('');
    expect((await update(access, body.id, {})).body).toEqual((await list(access)).body[0]);
  });

  test.each([
    [{ point: riyadh }, 'region_country_mismatch', null],
    [{ point: makePoint(0, 0) }, 'unsupported_region', null],
    [{ point: null }, 'null', 'point'],
    [{ description: '' }, 'blank', 'description'],
    [{ location_type: null }, 'null', 'location_type'],
    [{ map_description: ' ', description: 'x' }, 'blank', 'map_description'],
  ])('rejects %j and changes nothing', async (body, code, attr) => {
    const { access } = await signIn(world);
    const { body: before } = await create(access);
    const { status, body: response } = await update(access, before.id, { map_description: 'new', ...body });
    expect([status, response.errors]).toEqual([400, [error(code, attr)]]);
    expect((await list(access)).body).toEqual([before]);
  });

  test.each(['0', '-1', '1.5', 'abc', '12345678901234567890', '9007199254740992', '1'])(
    'returns 404 for the id %s',
    async (id) => {
      const { access } = await signIn(world);
      expect((await update(access, id, { location_type: 'WORK' })).status).toBe(404);
      expect((await update(access, id, {})).status).toBe(404);
      expect((await remove(access, id)).status).toBe(404);
    },
  );

  test("returns the same 404 for another customer's address as for an unknown one", async () => {
    const [mine, other] = [await signIn(world), await signIn(world)];
    const { body } = await create(mine.access);
    const responses = [
      await update(other.access, body.id, { description: 'mine now' }),
      await update(other.access, 1, { description: 'mine now' }),
      await remove(other.access, body.id),
      await remove(other.access, 1),
    ];
    for (const response of responses)
      expect([response.status, response.body.errors]).toEqual([404, [error('not_found')]]);
    expect((await makePrimary(other.access, body.id)).body.errors).toEqual([
      error('does_not_exist', 'primary_address'),
    ]);
    expect((await list(mine.access)).body).toEqual([body]);
  });

  test('schedules the erasure of an image that arrives while the customer is deleted', async () => {
    const { access, customer } = await signIn(world);
    const { body } = await create(access);
    let isBlocked = false;
    world.engine.fail((operation) => {
      isBlocked ||= operation === 'UpdateItem';
      return isBlocked ? { status: 400, type: 'TransactionConflictException' } : undefined;
    });
    const late = updateByForm(access, body.id, { map_image: file(png) });
    while (!isBlocked) await new Promise((resolve) => setImmediate(resolve));
    await world.delete(profileKey(customer.id));
    await world.delete(addressKey(customer.id, body.id));
    world.engine.heal();
    expect((await late).status).toBe(401);
    expect((await world.partition(profileKey(customer.id).pk)).map(({ sk }) => sk)).toContain('ERASURE');
  });

  test('replaces an image, and deletes the previous one', async () => {
    const { access, customer } = await signIn(world);
    const { body } = await create(access);
    const [first, second] = [
      await updateByForm(access, body.id, { map_image: file(png) }),
      await updateByForm(access, body.id, { map_image: file(png), description: 'New entrance' }),
    ];
    expect([first.status, second.status, second.body.description]).toEqual([200, 200, 'New entrance']);
    expect((await fetch(first.body.map_image)).status).toBe(404);
    expect((await fetch(second.body.map_image)).status).toBe(200);
    expect((await update(access, body.id, { map_image: null })).body.map_image).toBeNull();
    expect(await listImages(customer.id)).not.toContain('<Key>');
  });

  test('stores one image of parallel replacements', async () => {
    const { access, customer } = await signIn(world);
    const { body } = await create(access);
    await runParallel(6, () => updateByForm(access, body.id, { map_image: file(png) }));
    const [address] = (await list(access)).body;
    expect((await listImages(customer.id)).match(/<Key>/g)).toHaveLength(1);
    expect((await fetch(address.map_image)).status).toBe(200);
  });

  test('makes three sequential calls to the table', async () => {
    const { access } = await signIn(world);
    const { body } = await create(access);
    world.engine.record();
    await update(access, body.id, { point: cairo });
    expect(depth(world.engine.calls)).toBeLessThanOrEqual(3);
  });
});

describe('DeleteAddress', () => {
  test('deletes any address except the primary one', async () => {
    const { access, customer } = await signIn(world);
    const [first, second] = [(await create(access)).body.id, (await create(access)).body.id];
    const rejected = await remove(access, second);
    expect([rejected.status, rejected.body.type, rejected.body.errors]).toEqual([
      400,
      'client_error',
      [error('cannot_delete_primary_address')],
    ]);
    expect((await remove(access, first)).status).toBe(204);
    expect((await remove(access, first)).status).toBe(404);
    expect(await listIds(access)).toEqual([second]);
    await makePrimary(access, null);
    expect((await remove(access, second)).status).toBe(204);
    await expectConsistent(customer.id);
  });

  test('deletes an address once for ten parallel requests', async () => {
    const { access, customer } = await signIn(world);
    const { body } = await create(access);
    await create(access);
    expect(sortStatuses(await runParallel(10, () => remove(access, body.id)))).toEqual([204, ...Array(9).fill(404)]);
    await expectConsistent(customer.id);
  });

  test('never leaves a partial address when the address is updated in parallel', async () => {
    const { access, customer } = await signIn(world);
    for (let round = 0; round < 10; round++) {
      const { body } = await create(access);
      await create(access);
      const [updated, deleted] = await Promise.all([
        update(access, body.id, { description: 'changed' }),
        remove(access, body.id),
        update(access, body.id, { location_type: 'WORK' }),
      ]);
      expect([200, 404]).toContain(updated.status);
      expect(deleted.status).toBe(204);
      expect(await listIds(access)).not.toContain(body.id);
    }
    await expectConsistent(customer.id);
  });

  test('never leaves a deleted primary address when the address becomes primary in parallel', async () => {
    const { access, customer } = await signIn(world);
    for (let round = 0; round < 10; round++) {
      const { body } = await create(access);
      await create(access);
      const [promoted, deleted] = await Promise.all([makePrimary(access, body.id), remove(access, body.id)]);
      expect([
        [200, 400],
        [400, 204],
      ]).toContainEqual([promoted.status, deleted.status]);
      await expectConsistent(customer.id);
      if (promoted.status === 200) await create(access);
    }
  });

  test('deletes the image of an update that runs in parallel', async () => {
    const { access, customer } = await signIn(world);
    for (let round = 0; round < 5; round++) {
      const { body } = await create(access);
      await create(access);
      await Promise.all([updateByForm(access, body.id, { map_image: file(png) }), remove(access, body.id)]);
    }
    expect(await listImages(customer.id)).not.toContain('<Key>');
  });
});

describe('the deletion of a customer', () => {
  test('deletes their addresses with the images', async () => {
    const changes = await world.openStream('followUp');
    const { access, customer } = await signIn(world);
    const form = { point: JSON.stringify(cairo), description: 'x', location_type: 'HOME', map_image: file(png) };
    const { body } = await createByForm(access, form);
    await world.call(deleteCustomer, { method: 'DELETE', token: access });
    expect((await create(access)).status).toBe(401);
    await changes.follow();
    const items = await world.partition(addressKey(customer.id, 1).pk);
    expect(items.filter(({ sk }) => sk !== 'WALLET')).toEqual([]);
    expect((await fetch(body.map_image)).status).toBe(404);
  });
});
