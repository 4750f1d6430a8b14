import { handler as createAddress } from '../../functions/addresses/create.ts';
import { handler as listCountries } from '../../functions/countries/list.ts';
import { handler as getCustomer } from '../../functions/customers/get.ts';
import { handler as updateCustomer } from '../../functions/customers/update.ts';
import { countryKey, profileKey } from '../table/keys.ts';
import { signIn } from '../testing/stage/signIn.ts';
import { useWorld } from '../testing/stage/world.ts';

const world = useWorld();

const encoded = [
  ['https://example.com/a|b.png', 'https://example.com/a%7Cb.png'],
  ['https://example.com/[1].png', 'https://example.com/%5B1%5D.png'],
  ['https://example.com/{1}.png', 'https://example.com/%7B1%7D.png'],
  ['https://example.com/a b.png', 'https://example.com/a%20b.png'],
  ['https://example.com/a^b`c"<d>.png', 'https://example.com/a%5Eb%60c%22%3Cd%3E.png'],
  ['https://example.com/صورة.png', 'https://example.com/%D8%B5%D9%88%D8%B1%D8%A9.png'],
  ['https://example.com/😀.png', 'https://example.com/%F0%9F%98%80.png'],
  ['https://example.com/100%.png', 'https://example.com/100%25.png'],
  ['https://example.com/%zz%2', 'https://example.com/%25zz%252'],
  ['https://example.com/a%20b c%7c|', 'https://example.com/a%20b%20c%7c%7C'],
  ['https://example.com/?a[0]={1|2}&b=%&c=\\', 'https://example.com/?a%5B0%5D=%7B1%7C2%7D&b=%25&c=%5C'],
  ['https://example.com/a#b#c|d', 'https://example.com/a#b%23c%7Cd'],
  ['https:\\\\example.com\\a.png', 'https://example.com/a.png'],
  ['https:example.com/a.png', 'https://example.com/a.png'],
  ['https://مثال.مصر/a.png', 'https://xn--mgbh0fb.xn--wgbh1c/a.png'],
  ['https://räucher.de/ä.png', 'https://xn--rucher-bua.de/%C3%A4.png'],
] as const;

const valid = [
  'https://xn--mgbh0fb.xn--wgbh1c/a.png',
  'https://EXAMPLE.com',
  'https://example.com:443/a/../b%2fc%7E.png?x=1&y=a+b,c;d/?:@!$(*)#frag/?',
  'https://example.com/%D8%b5',
];

const patch = (token: string, image: string) => world.call(updateCustomer, { method: 'PATCH', token, body: { image } });

test.each(encoded)('the image URL %s is percent-encoded once', async (url, uri) => {
  const { access } = await signIn(world);
  expect((await patch(access, url)).body.image).toBe(uri);
  expect((await patch(access, uri)).body.image).toBe(uri);
  const body = { point: { type: 'Point', coordinates: [31.2357, 30.0444] }, description: 'x', location_type: 'HOME' };
  expect((await world.call(createAddress, { token: access, body: { ...body, map_image: url } })).body.map_image).toBe(
    uri,
  );
});

test.each(valid)('the image URL %s is not changed', async (url) => {
  const { access } = await signIn(world);
  expect((await patch(access, url)).body.image).toBe(url);
});

test.each([
  'https://example-.com/a.png',
  'https://xn--a.com/a.png',
  `https://${'a'.repeat(64)}.com/a.png`,
  'https://192.0.2.1/a.png',
  'https://[2001:db8::1]/a.png',
  'https://localhost/a.png',
  'https:/\t/user@example.com/a.png',
  'https:\\\\user@example.com/a.png',
  "https://example.com/a|'b.png",
  'https://exa mple.com/a.png',
  'https:///',
])('the image URL %j is invalid', async (url) => {
  const { access } = await signIn(world);
  const { status, body } = await patch(access, url);
  expect([status, body.errors]).toEqual([400, [expect.objectContaining({ code: 'invalid', attr: 'image' })]]);
});

test('an image URL that exceeds the limit after encoding is rejected, and the error names the limit', async () => {
  const { access } = await signIn(world);
  const { body } = await patch(access, `https://example.com/${'|'.repeat(1_000)}`);
  expect(body.errors).toEqual([{ code: 'max_length', attr: 'image', detail: 'Use at most 2048 characters.' }]);
});

test('URLs that older versions or operators stored are returned percent-encoded', async () => {
  const { access, customer } = await signIn(world);
  const { pk, sk } = profileKey(customer.id);
  const profile = (await world.partition(pk)).find((item) => item.sk === sk);
  await world.put({ ...profile, image: 'https://example.com/a|b.png' });
  const [egypt] = (await world.partition(countryKey('EG').pk)).filter((item) => item.sk === countryKey('EG').sk);
  await world.put({ ...egypt, flag: 'https://example.com/flag {eg}.svg' });
  world.disableCaches();
  const shown = await world.call(getCustomer, { method: 'GET', token: access });
  expect(shown.body).toMatchObject({
    image: 'https://example.com/a%7Cb.png',
    country: { flag: 'https://example.com/flag%20%7Beg%7D.svg' },
  });
  const countries = await world.call(listCountries, { method: 'GET' });
  expect(countries.body[0]).toMatchObject({ code: 'EG', flag: 'https://example.com/flag%20%7Beg%7D.svg' });
});
