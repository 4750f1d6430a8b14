import { isCommon } from '../lib/repositories/commonPasswords.ts';
import { useWorld } from '../lib/testing/world.ts';

useWorld();

const patterns = ['00000000', 'aaaaaaaa', 'abcdefgh', '87654321', '123123123', '12341234', '        ', '١٢٣٤٥٦٧٨'];
const decorated = ['p@ssword', 'Password1!', 'FOOTBALL1!'];

test.each([...patterns, ...decorated])('%j is among the passwords that guessers try first', async (password) => {
  expect(await isCommon(password)).toBe(true);
});

test.each(['correct horse battery', 'vurbo-linda-7', 'قهوة الصباح في الحديقة'])('%j is not', async (password) => {
  expect(await isCommon(password)).toBe(false);
});
