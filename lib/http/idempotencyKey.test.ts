import { readIdempotencyKey, toIdempotentRequest } from './idempotencyKey.ts';

const read = (...values: string[]) =>
  readIdempotencyKey({
    headers: { 'idempotency-key': values.at(-1) },
    multiValueHeaders: { 'idempotency-key': values },
  });

test.each([
  ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
  ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
  [' padded ', 'padded'],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ['~!', '~!'],
  ['k'.repeat(255), 'k'.repeat(255)],
])('the key of %s is %s', (value, key) => {
  expect(read(value)).toBe(key);
});

test.each([
  '',
  ' ',
  '""',
  '"',
  '"open',
  '"a"b"',
  '"a\\x"',
  '"a";p=1',
  'a b',
  '"a b"',
  'مفتاح',
  'a\tb',
  'k'.repeat(256),
])('the key %j is rejected', (value) => {
  expect(() => read(value)).toThrow('idempotency_key_invalid');
});

test('two keys are rejected, and a request without the header has none', () => {
  expect(() => read('a', 'b')).toThrow('idempotency_key_invalid');
  expect(readIdempotencyKey({ headers: {}, multiValueHeaders: {} })).toBeUndefined();
});

test('the hash of a request differs for other fields and files, and leaves out codes and passwords', () => {
  const hashOf = (body: unknown, operation = 'op') => toIdempotentRequest('key', operation, body).requestHash;
  const file = (content: string) => ({ map_image: { contentType: 'image/png', bytes: Buffer.from(content) } });
  expect(hashOf({ a: 1 })).toBe(hashOf({ a: 1 }));
  expect(hashOf({ a: 1 })).not.toBe(hashOf({ a: 2 }));
  expect(hashOf({ a: 1 })).not.toBe(hashOf({ a: 1 }, 'other'));
  expect(hashOf(file('x'))).toBe(hashOf(file('x')));
  expect(hashOf(file('x'))).not.toBe(hashOf(file('y')));
  expect(hashOf({ password: 'one', otp: '1' })).toBe(hashOf({ password: 'two', otp: '2' }));
});
