import { handler as createAddress } from '../../functions/addresses/create.ts';
import { handler as deleteAddress } from '../../functions/addresses/delete.ts';
import { handler as listAddresses } from '../../functions/addresses/list.ts';
import { handler as updateAddress } from '../../functions/addresses/update.ts';
import { handler as exportCustomer } from '../../functions/customers/export.ts';
import { handler as getCustomer } from '../../functions/customers/get.ts';
import { handler as updateCustomer } from '../../functions/customers/update.ts';
import { addressKey, profileKey } from '../table/keys.ts';
import { callWithForm, file } from '../testing/fixtures/forms.ts';
import { png } from '../testing/fixtures/images.ts';
import { authenticateWith, requestOtp, signIn } from '../testing/stage/signIn.ts';
import { useWorld } from '../testing/stage/world.ts';

const world = useWorld();

const newHost = 'https://images.shop.example';
const isKept = async (key: string) => (await fetch(`${world.sandbox.environment.IMAGES_URL}/${key}`)).status === 200;
const update = (token: string, body: object) => world.call(updateCustomer, { method: 'PATCH', token, body });
const show = async (token: string) => (await world.call(getCustomer, { method: 'GET', token })).body;
const exported = async (token: string) => (await world.call(exportCustomer, { method: 'GET', token })).body;
const stored = async (key: { pk: string; sk: string }) =>
  (await world.partition(key.pk)).find(({ sk }) => sk === key.sk) ?? {};
/** Changes the fields of an item to those that an older version stored. */
const rewrite = async (key: { pk: string; sk: string }, fields: object) =>
  world.put({ ...(await stored(key)), ...fields });

/** Signs in a customer with an uploaded image, and returns its key. */
async function signInWithImage() {
  const signedIn = await signIn(world);
  const { access: token, customer } = signedIn;
  await callWithForm(world, updateCustomer, { method: 'PATCH', token }, { image: file(png) });
  const profile = profileKey(customer.id);
  return { ...signedIn, token, id: customer.id, profile, key: String((await stored(profile)).image) };
}

async function signInWithAddress() {
  const signedIn = await signIn(world);
  const { access: token, customer } = signedIn;
  const fields = { point: '{"type":"Point","coordinates":[31.2357,30.0444]}', description: 'x', location_type: 'HOME' };
  const { body } = await callWithForm(world, createAddress, { token }, { ...fields, map_image: file(png) });
  const item = addressKey(customer.id, body.id);
  return { token, id: customer.id, addressId: body.id, item, key: String((await stored(item)).mapImage) };
}

const formerUrls = (key: string) => [
  `https://d111111abcdef8.cloudfront.net/${key}`,
  `https://old.shop.example/${key}`,
  `${process.env.IMAGES_URL}/${key}`,
];
beforeEach(() => world.set({ IMAGES_FORMER_DOMAINS: 'older.shop.example, old.shop.example' }));

test('an uploaded image is stored by its key, and its URL uses the current host', async () => {
  const { token, phone, id, key, profile } = await signInWithImage();
  expect(key).toMatch(new RegExp(`^images/${id}/[0-9a-f-]{36}\\.png$`));
  expect((await show(token)).image).toBe(`${process.env.IMAGES_URL}/${key}`);
  world.set({ IMAGES_URL: newHost });
  world.advance(60);
  const again = await authenticateWith(world, phone, await requestOtp(world, phone));
  const shown = [
    await show(token),
    again.body.customer,
    (await exported(token)).profile,
    (await update(token, {})).body,
  ];
  expect(shown.map(({ image }) => image)).toEqual(Array(4).fill(`${newHost}/${key}`));
  expect((await stored(profile)).image).toBe(key);

  await update(token, { image: null });
  expect(await isKept(key)).toBe(false);
});

test('an address image is stored by its key, and its URL uses the current host', async () => {
  const { token, addressId, item, key } = await signInWithAddress();
  world.set({ IMAGES_URL: newHost });
  const [listed] = (await world.call(listAddresses, { method: 'GET', token })).body;
  const params = { id: String(addressId) };
  const { body: changed } = await world.call(updateAddress, {
    method: 'PATCH',
    token,
    params,
    body: { description: 'y' },
  });
  const [inExport] = (await exported(token)).addresses;
  expect([listed, changed, inExport].map(({ map_image }) => map_image)).toEqual(Array(3).fill(`${newHost}/${key}`));
  expect((await stored(item)).mapImage).toBe(key);
});

test('an image stored as a URL of a former host is returned at the current host, and the next change stores its key', async () => {
  const { token, key, profile } = await signInWithImage();
  for (const url of formerUrls(key)) {
    await rewrite(profile, { image: url });
    expect((await show(token)).image).toBe(`${process.env.IMAGES_URL}/${key}`);
    expect((await exported(token)).profile.image).toBe(`${process.env.IMAGES_URL}/${key}`);
    expect((await update(token, { full_name: url })).status).toBe(200);
    expect(await stored(profile)).toMatchObject({ image: key, fullName: url });
  }
  expect(await isKept(key)).toBe(true);
});

test('an image stored as a URL of a former host is deleted when it is replaced', async () => {
  for (const index of [0, 1, 2]) {
    const { token, key, profile } = await signInWithImage();
    await rewrite(profile, { image: formerUrls(key)[index] });
    await callWithForm(world, updateCustomer, { method: 'PATCH', token }, { image: file(png) });
    expect(await isKept(key)).toBe(false);
  }
});

test('an address image stored as a URL of a former host is deleted with its address, or when it is replaced', async () => {
  const replaced = await signInWithAddress();
  await rewrite(replaced.item, { mapImage: formerUrls(replaced.key)[0] });
  const params = { id: String(replaced.addressId) };
  await world.call(updateAddress, { method: 'PATCH', token: replaced.token, params, body: { map_image: null } });
  const { token, id, addressId, key, item } = await signInWithAddress();
  const other = { ...(await stored(item)), id: addressId + 1, ...addressKey(id, addressId + 1) };
  await world.put({ ...other, mapImage: formerUrls(key)[0] });
  await world.call(deleteAddress, { method: 'DELETE', token, params: { id: String(addressId + 1) } });
  expect([await isKept(replaced.key), await isKept(key)]).toEqual([false, false]);
});

test('an app may send back a returned image URL, even of a former host, and the image is kept', async () => {
  const { token, key, profile } = await signInWithImage();
  for (const url of formerUrls(key).slice(0, 2)) {
    await rewrite(profile, { image: url });
    for (const sent of [url, url]) {
      const { body } = await update(token, { image: sent });
      expect([body.image, (await stored(profile)).image]).toEqual([`${process.env.IMAGES_URL}/${key}`, key]);
    }
  }
  expect(await isKept(key)).toBe(true);
});

test('an image of another customer is never deleted, and its key is never returned', async () => {
  const [owner, thief] = [await signInWithImage(), await signInWithImage()];
  const name = owner.key.split('/').at(-1);
  const traversals = [`images/${thief.id}/../${owner.id}/${name}`, `images/${thief.id}/%2e%2e/${owner.id}/${name}`];
  for (const key of [owner.key, ...traversals]) {
    for (const image of [key, ...formerUrls(key)]) {
      await rewrite(thief.profile, { image });
      const shown = (await show(thief.token)).image;
      expect(shown === null || (image.includes(':') && shown === image)).toBe(true);
      expect((await update(thief.token, { image: null })).status).toBe(200);
      if (image.startsWith('https:')) expect((await update(thief.token, { image })).status).toBe(200);
      expect((await update(thief.token, { image: null })).status).toBe(200);
    }
  }
  expect(await isKept(owner.key)).toBe(true);
});

test.each([
  ['of an unknown host', (key: string) => `https://example.com/${key}`],
  ['with a query', (key: string) => `https://d111111abcdef8.cloudfront.net/${key}?x=1`],
  ['with a port', (key: string) => `https://d111111abcdef8.cloudfront.net:8443/${key}`],
  ['under another path', (key: string) => `https://d111111abcdef8.cloudfront.net/a/${key}`],
  ['with a host that only ends like a former one', (key: string) => `https://cloudfront.net.example.com/${key}`],
  [
    'without the name of an image',
    (key: string) => `https://d111111abcdef8.cloudfront.net/${key.replace(/-\w+\./, '.')}`,
  ],
])('a URL %s is stored as the customer sent it, and deletes no image', async (_, urlOf) => {
  const { token, key, profile } = await signInWithImage();
  await rewrite(profile, { image: null });
  const url = urlOf(key);
  const { body } = await update(token, { image: url });
  world.set({ IMAGES_URL: newHost });
  expect([body.image, (await show(token)).image, (await stored(profile)).image]).toEqual([url, url, url]);
  await update(token, { image: null });
  expect(await isKept(key)).toBe(true);
});
