import { isSequenceOrRepetition, normalizeGuess } from './passwordPatterns.ts';

test.each([
  ['PassWord', 'password'],
  ['Password1!', 'password1'],
  ['Aa@123456', 'aa123456'],
  ['p@$$word', 'password'],
  ['١٢٣٤٥٦٧٨', '12345678'],
  ['۱۲۳۴۵۶۷۸', '12345678'],
  ['１２３４５６７８', '12345678'],
  ['!@#$%^&*', '!@#$%^&*'],
  ['a-b-c-d-', 'a-b-c-d-'],
])('%s is compared with common passwords as %s', (password, guessed) => {
  expect(normalizeGuess(password)).toBe(guessed);
});

test.each([
  ['few different characters', ['aaaaaaaaaa', '        ', '12341234', 'abcabcab', '!!!!----', 'مممممممم']],
  ['a repeated part', ['abcdabcd', 'cats-cats-cats', 'سلامسلام']],
  [
    'a sequence',
    ['01234567890123', '9876543210', 'abcdefghij', 'zyxwvutsr', 'qwertyuiopas', 'lkjhgfdsa', '1qaz2wsx', 'ابتثجحخد'],
  ],
])('a password with %s is a pattern', (_, passwords) => {
  for (const password of passwords)
    expect([password, isSequenceOrRepetition(normalizeGuess(password))]).toEqual([password, true]);
});

test.each([
  'correct horse',
  'mississippi',
  '1234abcde',
  'abcdefgz',
  'zxcvbqwe',
  '20031115',
  'مرحبا بالعالم',
  'ab!ce?df',
  'hunter2hunter2',
  'a'.repeat(256),
  '🍵🍵🍵🍵🍵🍵🍵🍵',
])('%s is not a pattern', (password) => {
  expect(isSequenceOrRepetition(normalizeGuess(password))).toBe(false);
});
