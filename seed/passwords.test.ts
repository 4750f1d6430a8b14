import { isCommon } from '../lib/repositories/commonPasswords.ts';
import { useWorld } from '../lib/testing/world.ts';
import { planCommonPasswords } from './passwords.ts';

const world = useWorld({ seed: ['passwords'] });

const worst = ['00000000', '88888888', '1111111111', 'aaaaaaaa', 'abcdefgh', '87654321', '123123123', '12341234'];
const decorated = ['20202020', 'p@ssword', 'Password1!', 'Aa123456@', 'Abc@1234', '        ', '١٢٣٤٥٦٧٨', 'FOOTBALL1!'];

test.each([...worst, ...decorated])('%j is among the passwords that guessers try first', async (password) => {
  expect(await isCommon(password)).toBe(true);
});

test.each(['correct horse battery', 'vurbo-linda-7', 'قهوة الصباح في الحديقة'])('%j is not', async (password) => {
  expect(await isCommon(password)).toBe(false);
});

test('every item is read as one unit', async () => {
  const items = await world.partition('COMMON_PASSWORDS');
  expect(items).toHaveLength(256);
  for (const { sk, code, hashes } of items) {
    const texts = ['COMMON_PASSWORDS', 'pk', 'sk', 'code', 'hashes', sk, code, ...(hashes as string[])];
    expect(texts.reduce<number>((bytes, text) => bytes + String(text).length + 1, 3)).toBeLessThan(4_096);
  }
});

test('lists in the table that are of another kind go', async () => {
  expect(await planCommonPasswords()).toMatchObject({ unchanged: 256, removed: 0, writes: 0 });
  await world.put({ pk: 'COMMON_PASSWORDS', sk: 'A', code: 'A', hashes: ['Bcdefghi'] });
  const plan = await planCommonPasswords();
  expect(plan).toMatchObject({ unchanged: 256, removed: 1, writes: 256, note: '83,986 passwords' });
  await plan.apply(() => undefined);
  expect(await world.partition('COMMON_PASSWORDS')).toHaveLength(256);
});
