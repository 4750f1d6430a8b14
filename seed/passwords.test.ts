import * as commonPasswords from '../lib/passwords/commonPasswords.ts';
import { isCommon } from '../lib/passwords/commonPasswords.ts';
import { commonPasswordSourceKey } from '../lib/table/keys.ts';
import { useWorld } from '../lib/testing/stage/world.ts';
import { planCommonPasswords } from './passwords.ts';

const world = useWorld({ seed: ['passwords'] });

const worst = ['00000000', '88888888', '1111111111', 'aaaaaaaa', 'abcdefgh', '87654321', '123123123', '12341234'];
const decorated = ['20202020', 'p@ssword', 'Password1!', 'Aa123456@', 'Abc@1234', '        ', '١٢٣٤٥٦٧٨', 'FOOTBALL1!'];

test.each([...worst, ...decorated])('%j is among the most common passwords', async (password) => {
  expect(await isCommon(password)).toBe(true);
});

test.each(['correct horse battery', 'vurbo-linda-7', 'قهوة الصباح في الحديقة'])(
  '%j is not among the most common passwords',
  async (password) => {
    expect(await isCommon(password)).toBe(false);
  },
);

test('every item costs one read unit', async () => {
  const items = await world.partition('COMMON_PASSWORDS');
  expect(items).toHaveLength(256);
  for (const { sk, code, hashes } of items) {
    const texts = ['COMMON_PASSWORDS', 'pk', 'sk', 'code', 'hashes', sk, code, hashes];
    expect(texts.reduce<number>((bytes, text) => bytes + String(text).length + 1, 3)).toBeLessThan(4_096);
  }
});

test('lists of the same source are not loaded again', async () => {
  let read = 0;
  world.engine.fail((operation) => {
    if (operation === 'Query') read += 1;
    return undefined;
  });
  expect(await planCommonPasswords()).toMatchObject({
    unchanged: 256,
    removed: 0,
    writes: 0,
    note: '83,986 passwords',
  });
  expect(read).toBe(0);
});

test('lists of another source are deleted', async () => {
  await world.put({ ...commonPasswordSourceKey, digest: 'another', lists: 1, passwords: 1 });
  await world.put({ pk: 'COMMON_PASSWORDS', sk: 'A', code: 'A', hashes: 'Bcdefghi' });
  const plan = await planCommonPasswords();
  expect(plan).toMatchObject({ unchanged: 256, removed: 1, writes: 256, note: '83,986 passwords' });
  await plan.apply(() => undefined);
  expect(await world.partition('COMMON_PASSWORDS')).toHaveLength(256);
  expect(await planCommonPasswords()).toMatchObject({ unchanged: 256, writes: 0 });
});

test('an interrupted load is repeated', async () => {
  await world.put({ ...commonPasswordSourceKey, digest: 'another', lists: 1, passwords: 1 });
  const plan = await planCommonPasswords();
  await world.put({ ...commonPasswordSourceKey, digest: 'current', lists: 256, passwords: 83_986 });
  world.engine.fail((operation) =>
    operation === 'BatchWriteItem' ? { status: 400, type: 'AccessDeniedException' } : undefined,
  );
  await expect(plan.apply(() => undefined)).rejects.toThrow();
  world.engine.heal();
  expect(await world.partition(commonPasswordSourceKey.pk)).toEqual([]);
  expect(await planCommonPasswords()).toMatchObject({ writes: 256 });
});

test('lists that an older version stored without their source are still used', async () => {
  const [before] = await world.partition('COMMON_PASSWORDS');
  const hashes = String(before?.hashes).match(/.{8}/g);
  await world.put({ ...before, hashes });
  const stored = await commonPasswords.readStored();
  expect(stored.find(({ code }) => code === before?.code)?.hashes).toBe(before?.hashes);
});
