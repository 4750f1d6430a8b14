import { randomUUID } from 'node:crypto';
import { readService } from '../../lib/openapi/routes.ts';
import { callWithForm, file, listImages } from '../../lib/testing/fixtures/forms.ts';
import { jpegWithExif, png } from '../../lib/testing/fixtures/images.ts';
import { logOf } from '../../lib/testing/stage/log.ts';
import { cheapPasswords } from '../../lib/testing/stage/signUp.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';
import { handler as addPet } from './functions/pet/add.ts';
import { handler as deletePet } from './functions/pet/delete.ts';
import { handler as findByStatus } from './functions/pet/findByStatus.ts';
import { handler as findByTags } from './functions/pet/findByTags.ts';
import { handler as getPet } from './functions/pet/get.ts';
import { handler as updatePet } from './functions/pet/update.ts';
import { handler as updateWithForm } from './functions/pet/updateWithForm.ts';
import { handler as uploadImage } from './functions/pet/uploadImage.ts';
import { handler as deleteOrder } from './functions/store/deleteOrder.ts';
import { handler as getOrder } from './functions/store/getOrder.ts';
import { handler as inventory } from './functions/store/inventory.ts';
import { handler as placeOrder } from './functions/store/placeOrder.ts';
import { handler as createUser } from './functions/user/create.ts';
import { handler as createWithArray } from './functions/user/createWithArray.ts';
import { handler as createWithList } from './functions/user/createWithList.ts';
import { handler as deleteUser } from './functions/user/delete.ts';
import { handler as getUser } from './functions/user/get.ts';
import { handler as login } from './functions/user/login.ts';
import { handler as logout } from './functions/user/logout.ts';
import { handler as updateUser } from './functions/user/update.ts';

const folder = import.meta.dirname;
const { apiKeySha256 } = readService(folder).params.local ?? {};
const world = useWorld({
  folder,
  seed: [],
  environment: { API_KEY_SHA256: String(apiKeySha256) },
});
const headers = { api_key: 'special-key' };

beforeEach(() => {
  world.set({ OPEN_TO_ALL: 'false' });
  cheapPasswords(world);
});

let lastId = 0;
const newPetId = () => {
  lastId += 1;
  return lastId;
};
const pet = (fields: object = {}) => ({ id: newPetId(), name: 'rex', photoUrls: [], status: 'available', ...fields });
const add = (body: object) => world.call(addPet, { headers, body });
const replace = (body: object) => world.call(updatePet, { headers, body, method: 'PUT' });
const show = (id: number | string) => world.call(getPet, { headers, method: 'GET', params: { petId: String(id) } });
const remove = (id: number) => world.call(deletePet, { headers, method: 'DELETE', params: { petId: String(id) } });
const form = (id: number, fields: Record<string, string>) =>
  world.call(updateWithForm, {
    params: { petId: String(id) },
    headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  });
const byStatus = (...status: string[]) => world.call(findByStatus, { headers, method: 'GET', query: { status } });
const byTags = (...tags: string[]) => world.call(findByTags, { headers, method: 'GET', query: { tags } });
const upload = (id: number, fields: Parameters<typeof callWithForm>[3]) =>
  callWithForm(world, uploadImage, { headers, params: { petId: String(id) } }, fields);
const counts = async () => (await world.call(inventory, { headers, method: 'GET' })).body;
const ids = ({ body }: { body: { id: number }[] }) => body.map(({ id }) => id);

describe('a pet', () => {
  test('is returned as it was added, and gets an id if it has none', async () => {
    const whole = pet({
      category: { id: 1, name: 'dogs' },
      tags: [{ id: 2, name: 'good' }],
      photoUrls: ['https://x/y'],
    });
    expect(await add(whole)).toMatchObject({ status: 200, body: whole });
    expect((await show(whole.id)).body).toEqual(whole);
    const { id, ...rest } = pet();
    for (const body of [rest, { ...rest, id: 0 }]) {
      const added = (await add(body)).body;
      expect(added.id).toBeGreaterThan(0);
      expect((await show(added.id)).body).toEqual({ ...rest, id: added.id });
    }
  });

  test('cannot be added under an existing id, not even by parallel requests', async () => {
    const id = newPetId();
    const responses = await Promise.all(
      Array.from({ length: 10 }, (_, index) => add(pet({ id, name: `pet ${index}` }))),
    );
    const [added, ...rejected] = responses.toSorted((a, b) => a.status - b.status);
    expect(added?.status).toBe(200);
    for (const { status, body } of rejected) {
      expect([status, body.message]).toEqual([405, 'id: This value is already in use.']);
    }
    expect((await show(id)).body).toEqual(added?.body);
  });

  test('is found by any of several statuses and tags, repeated or separated by commas, until they change', async () => {
    const tags = [`a-${randomUUID()}`, `b-${randomUUID()}`, 'cat & dog/é'];
    const [one, other] = [
      pet({ tags: [{ name: tags[0] }, { name: tags[1] }] }),
      pet({ status: 'sold', tags: [{ name: tags[1] }, { name: tags[2] }] }),
    ];
    await Promise.all([add(one), add(other)]);
    expect(ids(await byTags(tags[0] ?? ''))).toEqual([one.id]);
    for (const several of [tags.slice(0, 2), [tags.slice(0, 2).join(',')]]) {
      expect(ids(await byTags(...several)).sort()).toEqual([one.id, other.id]);
    }
    expect(ids(await byTags('cat & dog/é'))).toEqual([other.id]);
    for (const several of [['available', 'sold'], ['available,sold']]) {
      expect(ids(await byStatus(...several))).toEqual(expect.arrayContaining([one.id, other.id]));
    }
    await replace({ ...one, status: 'pending', tags: [{ name: tags[2] }] });
    expect(ids(await byTags(...tags.slice(0, 2)))).toEqual([other.id]);
    expect(ids(await byStatus('available'))).not.toContain(one.id);
    expect((await byStatus('pending')).body).toContainEqual({ ...one, status: 'pending', tags: [{ name: tags[2] }] });
    await remove(other.id);
    expect(ids(await byTags(...tags))).toEqual([one.id]);
    expect(ids(await byStatus('sold'))).not.toContain(other.id);
  });

  test.each([
    ['no status', {}],
    ['an unknown status', { query: { status: 'lost' } }],
    ['an unknown status in a list', { query: { status: 'sold,lost' } }],
    ['an empty status', { query: { status: '' } }],
  ])('cannot be searched for by %s', async (_, request) => {
    expect((await world.call(findByStatus, { headers, method: 'GET', ...request })).status).toBe(400);
  });

  test.each([
    ['no name', { name: undefined }, 405, 'name'],
    ['no photos', { photoUrls: undefined }, 405, 'photoUrls'],
    ['a photo URL that is not a string', { photoUrls: [{}] }, 405, 'photoUrls.0'],
    ['an unknown status', { status: 'lost' }, 405, 'status'],
    ['an id that is not an integer', { id: 1.5 }, 405, 'id'],
    ['an id beyond the safe integers', { id: 2 ** 60 }, 405, 'id'],
    ['a name of 201 characters', { name: 'x'.repeat(201) }, 405, 'name'],
    ['21 tags', { tags: Array.from({ length: 21 }, () => ({ name: 'x' })) }, 405, 'tags'],
    ['a tag with a comma', { tags: [{ name: 'a,b' }] }, 405, 'tags.0.name'],
    ['a number as its name', { name: 7 }, 405, 'name'],
    ['a negative id', { id: -1 }, 405, 'id'],
    ['a name with a NUL character', { name: 'a\0' }, 405, 'name'],
    ['half a surrogate pair in a tag', { tags: [{ name: '\ud800' }] }, 405, 'tags.0.name'],
  ])('with %s is rejected', async (_, fields, status, field) => {
    const before = await world.items();
    const { body, ...response } = await add(pet(fields));
    expect([response.status, body]).toEqual([status, { code: status, type: 'invalid', message: expect.any(String) }]);
    expect(body.message).toMatch(new RegExp(`^${field}: `));
    expect(await world.items()).toEqual(before);
  });

  test('appears once in a search if it has the same tag twice', async () => {
    const name = randomUUID();
    const twice = pet({ tags: [{ id: 1, name }, { id: 2, name }, { id: 3 }] });
    expect((await add(twice)).status).toBe(200);
    expect((await byTags(name)).body).toEqual([twice]);
  });

  test('is replaced completely; a bad id gets 400, an unknown id 404, and any other error 405', async () => {
    const known = pet({ category: { name: 'dogs' }, tags: [{ name: 'good' }] });
    await add(known);
    const { id, name } = known;
    expect((await replace({ id, name, photoUrls: [] })).body).toEqual({ id, name, photoUrls: [] });
    expect((await show(id)).body).toEqual({ id, name, photoUrls: [] });
    const statuses = [{ name, photoUrls: [] }, { id: 'x', name, photoUrls: [] }, pet(), { id, name }];
    expect(await Promise.all(statuses.map(async (body) => (await replace(body)).status))).toEqual([400, 400, 404, 405]);
  });

  test('can be changed by parallel forms with one field each', async () => {
    const known = pet({ tags: [{ name: 'good' }] });
    await add(known);
    await Promise.all([
      form(known.id, { name: 'max' }),
      form(known.id, { status: 'sold' }),
      ...Array.from({ length: 10 }, () => form(known.id, {})),
    ]);
    const changed = { ...known, name: 'max', status: 'sold' };
    expect((await show(known.id)).body).toEqual(changed);
    expect((await byStatus('sold')).body).toContainEqual(changed);
    expect((await form(known.id, { status: 'lost' })).status).toBe(405);
    expect((await form(newPetId(), { name: 'x' })).status).toBe(404);
    expect((await show(known.id)).body).toEqual(changed);
  });

  test.each(['abc', '1.5', '', '%00', '99999999999999999999'])(
    'with the id %s gets 400, unlike an unknown id',
    async (id) => {
      expect([(await show(id)).status, (await show(newPetId())).status]).toEqual([400, 404]);
    },
  );

  test('can be deleted only once', async () => {
    const known = pet();
    await add(known);
    const responses = await Promise.all([1, 2, 3].map(() => remove(known.id)));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
    expect((await show(known.id)).status).toBe(404);
  });

  test('leaves only the inventory count in the table when it is deleted', async () => {
    const before = (await world.items()).filter(({ pk }) => pk !== 'INVENTORY');
    const known = pet({ tags: [{ name: 'x' }, { name: 'y' }] });
    await add(known);
    await remove(known.id);
    expect((await world.items()).filter(({ pk }) => pk !== 'INVENTORY')).toEqual(before);
  });
});

describe('a photo', () => {
  test('is stored without its metadata and served at a URL of the pet', async () => {
    const known = pet({ photoUrls: ['https://example.com/a.jpg'] });
    await add(known);
    const image = jpegWithExif('taken at home');
    const { status, body } = await upload(known.id, { file: file(image), additionalMetadata: 'on the sofa' });
    expect([status, body]).toEqual([200, { code: 200, type: 'ok', message: expect.any(String) }]);
    const [first, url] = (await show(known.id)).body.photoUrls;
    expect(first).toBe('https://example.com/a.jpg');
    expect(body.message).toContain('additionalMetadata: on the sofa');
    expect(body.message).toContain(url);
    const served = Buffer.from(await (await fetch(url)).arrayBuffer());
    expect(served.length).toBeGreaterThan(100);
    expect(served.includes('taken at home')).toBe(false);
  });

  test('is not lost among parallel uploads, and a pet has at most twenty', async () => {
    const known = pet({ photoUrls: Array.from({ length: 17 }, (_, index) => `https://example.com/${index}.jpg`) });
    await add(known);
    const responses = await Promise.all(Array.from({ length: 5 }, () => upload(known.id, { file: file(png) })));
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 200, 200, 400, 400]);
    const uploaded = (await show(known.id)).body.photoUrls.slice(17);
    expect(uploaded).toHaveLength(3);
    const stored = await listImages(known.id);
    expect(stored.match(/<Key>/g)).toHaveLength(3);
    for (const url of uploaded) expect(stored).toContain(url.split('/').at(-1));
  });

  test('is deleted with its pet, or when the pet no longer lists it', async () => {
    const known = pet();
    await add(known);
    await upload(known.id, { file: file(png) });
    await upload(known.id, { file: file(png) });
    const [url] = (await show(known.id)).body.photoUrls;
    await replace({ ...known, photoUrls: [url] });
    expect((await listImages(known.id)).match(/<Key>/g)).toHaveLength(1);
    expect((await fetch(url)).status).toBe(200);
    await remove(known.id);
    expect(await listImages(known.id)).not.toContain('<Key>');
  });

  test.each([
    ['is not an image', { file: file(Buffer.from('<svg/>'), 'image/png') }, 'file'],
    ['is text', { file: 'x' }, 'file'],
    ['is missing', { additionalMetadata: 'x' }, 'file'],
    ['is sent twice', { file: [file(png), file(png)] }, 'file'],
  ])('that %s is rejected', async (_, fields, field) => {
    const known = pet();
    await add(known);
    const { status, body } = await upload(known.id, fields);
    expect([status, body.message]).toEqual([400, expect.stringMatching(new RegExp(`^${field}: `))]);
    expect((await show(known.id)).body).toEqual(known);
    expect(await listImages(known.id)).not.toContain('<Key>');
  });

  test('is deleted if the table rejects it, and kept if only the response of the table is lost', async () => {
    const known = pet();
    await add(known);
    const failing = (fault: Parameters<typeof world.engine.fail>[0] extends (...given: never) => infer F ? F : never) =>
      world.engine.fail((operation) => (operation === 'TransactWriteItems' ? fault : undefined));
    failing({ status: 400, type: 'TransactionConflictException' });
    expect((await upload(known.id, { file: file(png) })).status).toBe(429);
    expect(await listImages(known.id)).not.toContain('<Key>');
    failing('lose response');
    expect((await upload(known.id, { file: file(png) })).status).toBe(500);
    world.engine.heal();
    const [url] = (await show(known.id)).body.photoUrls;
    expect((await fetch(url)).status).toBe(200);
  });

  test('of an unknown pet is rejected, and not stored', async () => {
    const id = newPetId();
    expect((await upload(id, { file: file(png) })).status).toBe(404);
    expect(await listImages(id)).not.toContain('<Key>');
  });
});

describe('the inventory', () => {
  async function recounted() {
    const pets = (await world.items()).filter(({ sk }) => sk === 'PET');
    const of = (status: string) => pets.filter((item) => item.status === status).length;
    return { available: of('available'), pending: of('pending'), sold: of('sold') };
  }

  test('is correct after parallel additions, changes and deletions', async () => {
    const pets = Array.from({ length: 60 }, (_, index) =>
      pet({ status: ['available', 'pending', 'sold', undefined][index % 4] }),
    );
    expect(new Set((await Promise.all(pets.map(add))).map(({ status }) => status))).toEqual(new Set([200]));
    const responses = await Promise.all(
      pets.flatMap(({ id }, index) => [
        form(id, { status: 'sold' }),
        replace({ id, name: 'max', photoUrls: [], status: 'pending' }),
        ...(index % 3 === 0 ? [remove(id)] : []),
      ]),
    );
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200, 404]));
    expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(100);
    expect(await counts()).toEqual(await recounted());
  });

  test('counts a pet once if its transaction is retried after a lost response', async () => {
    const before = await counts();
    let isLost = false;
    world.engine.fail((operation) => {
      if (operation !== 'TransactWriteItems' || isLost) return undefined;
      isLost = true;
      return 'lose response';
    });
    expect((await add(pet({ status: 'pending' }))).status).toBe(200);
    expect(isLost).toBe(true);
    expect(await counts()).toEqual({ ...before, pending: before.pending + 1 });
    expect(await counts()).toEqual(await recounted());
  });

  test('does not count a pet that the table rejects', async () => {
    const before = await counts();
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' ? { status: 500, type: 'InternalServerError' } : undefined,
    );
    expect((await add(pet())).status).toBe(500);
    world.engine.heal();
    expect(await counts()).toEqual(before);
  });
});

describe('an order', () => {
  const place = (body: object) => world.call(placeOrder, { body });
  const at = (orderId: number | string) => ({ params: { orderId: String(orderId) } });

  test('is returned as it was placed, and gets an id if it has none', async () => {
    const order = {
      petId: 1,
      quantity: 2,
      shipDate: '2026-11-22T10:00:00.000+02:00',
      status: 'placed',
      complete: true,
    };
    const { status, body } = await place(order);
    expect([status, body]).toEqual([200, { ...order, id: expect.any(Number) }]);
    expect((await world.call(getOrder, at(body.id))).body).toEqual(body);
    expect((await place({})).body).toEqual({ id: expect.any(Number), complete: false });
  });

  test('cannot be placed under an existing id, and can be deleted only once', async () => {
    const placed = await Promise.all([1, 2, 3].map((quantity) => place({ id: 9, quantity })));
    expect(placed.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    const deleted = await Promise.all([1, 2, 3].map(() => world.call(deleteOrder, { method: 'DELETE', ...at(9) })));
    expect(deleted.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
    expect((await world.call(getOrder, at(9))).status).toBe(404);
  });

  test.each([
    ['an invalid date', { shipDate: 'tomorrow' }, 'shipDate'],
    ['a fraction as its quantity', { quantity: 1.5 }, 'quantity'],
    ['a quantity of more than 32 bits', { quantity: 2 ** 31 }, 'quantity'],
    ['an unknown status', { status: 'lost' }, 'status'],
    ['a word as a boolean', { complete: 'yes' }, 'complete'],
    ['a name as its pet id', { petId: 'rex' }, 'petId'],
    ['a negative id', { id: -1 }, 'id'],
  ])('with %s is rejected', async (_, body, field) => {
    const response = await place(body);
    expect([response.status, response.body.message]).toEqual([400, expect.stringMatching(new RegExp(`^${field}: `))]);
  });

  test.each(['0', '-1', 'x', '1.5'])('with the id %s gets 400', async (id) => {
    expect((await world.call(getOrder, at(id))).status).toBe(400);
    expect((await world.call(deleteOrder, { method: 'DELETE', ...at(id) })).status).toBe(400);
  });
});

describe('a user', () => {
  const password = 'correct horse';
  const create = (fields: object = {}) => {
    const user = {
      username: `u-${randomUUID()}`,
      firstName: 'Ann',
      email: 'a@b.c',
      userStatus: 1,
      password,
      ...fields,
    };
    return world.call(createUser, { body: user }).then((response) => ({ ...response, user }));
  };
  const logIn = (username: string, own = password) =>
    world.call(login, { method: 'GET', query: { username, password: own } });
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const withUsername = (username: string) => ({ params: { username } });
  const isSignedIn = async (token: string) =>
    (await world.call(inventory, { method: 'GET', ...bearer(token) })).status === 200;

  test('is shown without the password, which is not stored in the table', async () => {
    const { status, user, body } = await create();
    expect([status, body]).toEqual([200, { code: 200, type: 'ok', message: expect.stringMatching(/^\d+$/) }]);
    const { password: _, ...rest } = user;
    const shown = await world.call(getUser, withUsername(user.username));
    expect(shown.body).toEqual({ ...rest, id: Number(body.message) });
    expect(JSON.stringify(await world.items())).not.toContain(password);
  });

  test('cannot be created under an existing name, and a list of users is created completely or not at all', async () => {
    const { user } = await create();
    expect((await create({ username: user.username, password: 'other' })).status).toBe(400);
    const others = [{ username: randomUUID() }, { username: user.username }, { username: randomUUID() }];
    const { status, body } = await world.call(createWithList, { body: others });
    expect([status, body.message]).toEqual([400, '1.username: This value is already in use.']);
    expect((await world.call(getUser, withUsername(others[0]?.username ?? ''))).status).toBe(404);
    const same = [{ username: 'twin' }, { username: 'twin' }];
    expect((await world.call(createWithList, { body: same })).status).toBe(400);
    const responses = await Promise.all(
      [createWithList, createWithArray, createWithList].map((handler) =>
        world.call(handler, { body: [others[0], others[2]] }),
      ),
    );
    expect(responses.map((response) => response.status).sort()).toEqual([200, 400, 400]);
    expect((await logIn(user.username)).status).toBe(200);
  });

  test.each([
    ['no name', { username: undefined }, 'username'],
    ['a name that is a path of the API', { username: 'createWithList' }, 'username'],
    ['a name that cannot be a path segment', { username: '..' }, 'username'],
    ['a number as the first name', { firstName: 7 }, 'firstName'],
    ['a list as the password', { password: ['x'] }, 'password'],
    ['a password of 257 characters', { password: 'x'.repeat(257) }, 'password'],
    ['an e-mail address that is not a string', { email: {} }, 'email'],
    ['a fraction as the status', { userStatus: 0.5 }, 'userStatus'],
  ])('with %s is rejected', async (_, fields, field) => {
    const { status, body } = await create(fields);
    expect([status, body.message]).toEqual([400, expect.stringMatching(new RegExp(`^${field}: `))]);
  });

  test('logs in for an hour, sees the rate limit, and can log out', async () => {
    const { user } = await create();
    const { status, body: token, headers } = await logIn(user.username);
    expect([status, headers['x-rate-limit']]).toEqual([200, '5000']);
    expect(new Date(headers['x-expires-after'] ?? '').getTime()).toBe(Math.floor(Date.now() / 1000) * 1000 + 3_600_000);
    expect(await isSignedIn(token)).toBe(true);
    const { body: other } = await logIn(user.username);
    expect((await world.call(logout, { method: 'GET', ...bearer(token) })).status).toBe(200);
    expect([await isSignedIn(token), await isSignedIn(other)]).toEqual([false, true]);
    expect(JSON.stringify(await world.items())).not.toContain(other.split('.')[1]);
    world.advance(3_600);
    expect(await isSignedIn(other)).toBe(false);
  });

  test('may use a token for all pet operations except deletion', async () => {
    const { user } = await create();
    const { headers } = bearer((await logIn(user.username)).body);
    const known = pet({ tags: [{ name: 'x' }] });
    const params = { petId: String(known.id) };
    const responses = [
      await world.call(addPet, { headers, body: known }),
      await world.call(updatePet, { headers, method: 'PUT', body: known }),
      await world.call(updateWithForm, { headers, params }),
      await callWithForm(world, uploadImage, { headers, params }, { file: file(png) }),
      await world.call(getPet, { headers, method: 'GET', params }),
      await world.call(findByStatus, { headers, method: 'GET', query: { status: 'sold' } }),
      await world.call(findByTags, { headers, method: 'GET', query: { tags: 'x' } }),
      await world.call(deletePet, { headers, method: 'DELETE', params }),
    ];
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 200, 401]);
  });

  test('gets the same error for a wrong password and for an unknown name, and has to wait after ten attempts', async () => {
    const { user } = await create();
    const unknown = randomUUID();
    const wrong = [await logIn(user.username, 'wrong'), await logIn(unknown)];
    for (const { status, body } of wrong) expect([status, body.type]).toEqual([400, 'wrong_credentials']);
    const guesses = await Promise.all(Array.from({ length: 15 }, () => logIn(user.username, 'wrong')));
    expect(guesses.filter(({ status }) => status === 400)).toHaveLength(9);
    const rejected = await logIn(user.username);
    expect([rejected.status, Number(rejected.headers['retry-after'])]).toEqual([429, expect.any(Number)]);
    world.advance(3_600);
    expect((await logIn(user.username)).status).toBe(200);
  });

  test('may make 5,000 calls an hour', async () => {
    const { user } = await create();
    const { body: token } = await logIn(user.username);
    const hour = Math.floor(Date.now() / 3_600_000);
    const inAnHour = (hour + 1) * 3_600;
    await world.put({ pk: `USER#${user.username}`, sk: `CALLS#${hour}`, sends: 4_998, expiresAtSeconds: inAnHour });
    const responses = await Promise.all(
      [1, 2, 3, 4].map(() => world.call(inventory, { method: 'GET', ...bearer(token) })),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429]);
    const rejected = responses.find(({ status }) => status === 429);
    expect(Number(rejected?.headers['retry-after'])).toBe(inAnHour - Math.floor(Date.now() / 1000));
  });

  test('can replace only their own details, and a new password revokes the tokens of the old one', async () => {
    const [{ user, body }, { user: other }] = await Promise.all([create(), create()]);
    const { body: token } = await logIn(user.username);
    const change = (username: string, details: object, request: object = bearer(token)) =>
      world.call(updateUser, { method: 'PUT', ...withUsername(username), body: details, ...request });
    expect((await change(user.username, { lastName: 'Lee', email: 'c@d.e' })).status).toBe(200);
    expect((await world.call(getUser, withUsername(user.username))).body).toEqual({
      id: Number(body.message),
      username: user.username,
      lastName: 'Lee',
      email: 'c@d.e',
    });
    expect((await change(user.username, { username: other.username })).status).toBe(400);
    expect((await change(other.username, { lastName: 'Lee' })).status).toBe(403);
    expect((await change(user.username, { lastName: 'Lee' }, {})).status).toBe(401);
    expect((await change(randomUUID(), {}, { headers })).status).toBe(404);
    expect(await isSignedIn(token)).toBe(true);
    expect((await change(user.username, { password: 'battery staple' })).status).toBe(200);
    expect([await isSignedIn(token), (await logIn(user.username)).status]).toEqual([false, 400]);
    expect((await logIn(user.username, 'battery staple')).status).toBe(200);
  });

  test.each([
    ['changed', { method: 'PUT', body: { password: 'stolen' } }, updateUser],
    ['deleted', { method: 'DELETE' }, deleteUser],
  ])('is not %s by a token that is revoked during the request', async (_, request, handler) => {
    const { user } = await create();
    const { body: stolen } = await logIn(user.username);
    const saved = () =>
      world.call(updateUser, {
        method: 'PUT',
        ...withUsername(user.username),
        body: { password: 'battery staple' },
        headers,
      });
    let rescue: Promise<{ status: number }> | undefined;
    let isOver = false;
    // The table rejects the thief's writes with the old password's token until the owner has a new
    // password.
    world.engine.fail((operation, body) => {
      if (!/^(UpdateItem|DeleteItem)$/.test(operation) || !body.includes(':shown') || isOver) return undefined;
      rescue ??= saved().finally(() => {
        isOver = true;
      });
      return { status: 400, type: 'TransactionConflictException' };
    });
    expect((await world.call(handler, { ...request, ...withUsername(user.username), ...bearer(stolen) })).status).toBe(
      401,
    );
    expect((await rescue)?.status).toBe(200);
    expect((await logIn(user.username, 'battery staple')).status).toBe(200);
  });

  test('takes their tokens with them when deleted, even if another user registers the name', async () => {
    const [{ user }, { user: other }] = await Promise.all([create(), create()]);
    const [{ body: token }, { body: otherToken }] = [await logIn(user.username), await logIn(other.username)];
    const removal = (own: string) =>
      world.call(deleteUser, { method: 'DELETE', ...withUsername(user.username), ...bearer(own) });
    expect((await removal(otherToken)).status).toBe(403);
    expect((await removal(token)).status).toBe(200);
    expect((await world.call(getUser, withUsername(user.username))).status).toBe(404);
    expect((await logIn(user.username)).status).toBe(400);
    await create({ username: user.username });
    expect(await isSignedIn(token)).toBe(false);
  });

  test.each(['Bearer x', 'Basic dTpw', `Bearer ${'a'.repeat(3_000)}.${'b'.repeat(43)}`, `Bearer dQ.${'b'.repeat(43)}`])(
    'is not authenticated by the header %s',
    async (authorization) => {
      expect((await world.call(inventory, { method: 'GET', headers: { authorization } })).status).toBe(401);
    },
  );

  test('leaves no password, token or key in the log', async () => {
    const { user } = await create();
    let token = '';
    const lines = await logOf(async () => {
      ({ body: token } = await logIn(user.username));
      await logIn(user.username, 'battery staple');
      await world.call(inventory, { method: 'GET', ...bearer(token) });
      await world.call(inventory, { method: 'GET', headers: { api_key: 'a wrong key' } });
      await remove(newPetId());
    });
    expect(lines).toHaveLength(5);
    for (const secret of [password, 'battery staple', token, token.split('.')[1] ?? '', 'a wrong key', 'special-key'])
      expect(lines.join('\n')).not.toContain(secret);
  });
});

describe('authentication', () => {
  const withoutKey = (id: number) => world.call(deletePet, { method: 'DELETE', params: { petId: String(id) } });

  test('requires the key to delete a pet, and nothing for other operations in the local stage', async () => {
    world.set({ OPEN_TO_ALL: 'true' });
    const known = pet();
    expect((await world.call(addPet, { body: known })).status).toBe(200);
    expect((await withoutKey(known.id)).status).toBe(401);
    expect((await show(known.id)).status).toBe(200);
    expect((await world.call(addPet, { body: pet(), headers: { api_key: 'other' } })).status).toBe(401);
    expect((await world.call(addPet, { body: pet(), headers: { authorization: 'Bearer other' } })).status).toBe(401);
  });

  test('is required in every stage except the local one', async () => {
    world.set({ OPEN_TO_ALL: 'true', STAGE: 'dev' });
    expect((await world.call(addPet, { body: pet() })).status).toBe(401);
  });
});
