import { ConfigurationError } from '../lib/config/env.ts';
import { ApiError } from '../lib/errors.ts';
import { InputError } from './inputError.ts';
import { SetupError } from './setupError.ts';
import { awsEnvironment, readSettings } from './stack.ts';
import { explain } from './stage.ts';

const named = (name: string) => Object.assign(new Error('Inner words.'), { name });

test.each([
  ['a table that does not respond in time', named('TimeoutError'), 'The table does not keep up; run this again.'],
  ['a table that is throttled', new ApiError('throttled'), 'The table does not keep up; run this again.'],
  ['a stage without a table', named('ResourceNotFoundException'), 'The stage has no table yet; deploy it first.'],
  [
    'a wrong setting',
    new ConfigurationError('OTP_SECONDS must be a whole number.'),
    'OTP_SECONDS must be a whole number.',
  ],
  ['a wrong seed file', new InputError('seed/faqs.ts is wrong at faqs.'), 'seed/faqs.ts is wrong at faqs.'],
  ['a setup that the developer can correct', new SetupError('Port 3000 is taken.'), 'Port 3000 is taken.'],
])('%s is explained in one sentence', (_, error, sentence) => {
  expect(explain(error)).toBe(sentence);
});

test('an unexpected error keeps its stack trace', () => {
  expect(explain(new TypeError('x is not a function'))).toBeUndefined();
});

test('the local stack waits longer for the table than a deployed function, unless an environment variable sets the time', () => {
  const { TABLE_TIMEOUT_MS } = awsEnvironment(readSettings({}));
  expect(Number(TABLE_TIMEOUT_MS)).toBeGreaterThan(4_000);
  process.env.TABLE_TIMEOUT_MS = '1234';
  expect(awsEnvironment(readSettings({})).TABLE_TIMEOUT_MS).toBe('1234');
  delete process.env.TABLE_TIMEOUT_MS;
});

test.each([
  ['0.0.0.0', '0.0.0.0'],
  ['192.168.1.5', '192.168.1.5'],
  ['x86_64-conda-linux-gnu', '127.0.0.1'],
  [undefined, '127.0.0.1'],
])('with HOST=%s the stack listens on %s', (HOST, host) => {
  expect(readSettings({ HOST }).host).toBe(host);
});
