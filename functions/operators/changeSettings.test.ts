import { invoke } from '../../lib/testing/stage/invoke.ts';
import { useWorld } from '../../lib/testing/stage/world.ts';

const world = useWorld();

const change = (event: unknown) => invoke('changeSettings', event);
const readStored = () => world.partition('SETTINGS');

test('changeSettings sets and removes settings, and returns all', async () => {
  expect(await change({ set: { smallest: 1e-130, largest: 2 ** 53 - 1, empty: '', constructor: 'a' } })).toEqual({
    enablePhoneLogin: false,
    smallest: 1e-130,
    largest: 2 ** 53 - 1,
    empty: '',
    constructor: 'a',
  });
  const remove = ['smallest', 'largest', 'empty', 'constructor'];
  expect(await change({ set: { text: 'b' }, remove })).toEqual({ enablePhoneLogin: false, text: 'b' });
});

test.each([
  ['a number that is too large', { set: { a: 1e300 } }, 'set.a', 'max_value'],
  ['a number that JavaScript rounds', { set: { a: 2 ** 53 + 2 } }, 'set.a', 'max_value'],
  ['a number that is too small', { set: { a: -1e20 } }, 'set.a', 'min_value'],
  ['a number that is too close to zero', { set: { a: 1e-200 } }, 'set.a', 'invalid'],
  ['a lone surrogate', { set: { a: '\ud800' } }, 'set.a', 'invalid'],
  ['a null character', { set: { a: 'a\0b' } }, 'set.a', 'null_characters_not_allowed'],
  ['a string that is too long', { set: { a: 'a'.repeat(2_001) } }, 'set.a', 'max_length'],
  ['a name that is removed twice', { set: { b: 1 }, remove: ['text', 'text'] }, 'remove', 'conflicting'],
])('changeSettings rejects %s, and changes nothing', async (_, event, attr, code) => {
  const before = await readStored();
  const response = { type: 'validation_error', errors: [{ attr, code }] };
  expect(await change({ ...event, set: { good: 1, ...event.set } })).toMatchObject(response);
  expect(await readStored()).toEqual(before);
});

test('changeSettings rejects settings that exceed the item size limit, and still removes some', async () => {
  const makeSettings = (prefix: string) =>
    Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${prefix}${index}`, 'م'.repeat(2_000)]));
  expect(Object.keys(await change({ set: makeSettings('a') }))).toHaveLength(42);
  const before = await readStored();
  expect(await change({ set: makeSettings('b') })).toMatchObject({
    errors: [{ attr: 'set', code: 'max_length', detail: 'Use at most 100000 characters.' }],
  });
  expect(await readStored()).toEqual(before);
  const swapped = await change({ set: makeSettings('b'), remove: Object.keys(makeSettings('a')) });
  expect(Object.keys(swapped)).toHaveLength(42);
  expect(Object.keys(await change({ remove: Object.keys(makeSettings('b')) }))).toHaveLength(2);
});
