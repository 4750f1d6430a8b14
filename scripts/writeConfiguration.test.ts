import { config } from '../lib/config/config.ts';
import { readPage, readSettings, writeConfiguration } from './writeConfiguration.ts';

const settings = readSettings();

test('docs/configuration.md is up to date with npm run docs:configuration', () => {
  expect(readPage()).toBe(writeConfiguration(readPage()));
});

test('every setting has a row under its comment', () => {
  expect(settings.map(({ name }) => name)).toEqual(Object.keys(config));
});

test('every setting has exactly one environment variable', () => {
  expect(settings.filter(({ variables }) => variables.length === 0)).toEqual([]);
  const variables = settings.flatMap((setting) => setting.variables);
  expect(variables).toEqual([...new Set(variables)]);
});

test('a row has the default and the limits that config.ts applies', () => {
  const rows = Object.fromEntries(settings.map((setting) => [setting.name, setting]));
  expect(rows).toMatchObject({
    otpSeconds: { variables: ['OTP_SECONDS'], default: '`300` (5 minutes)', limits: 'at least 1' },
    sessionsPerCustomer: { variables: ['SESSIONS_PER_CUSTOMER'], default: '`10`', limits: '1 to 50' },
    secretsCacheSeconds: { limits: '0 to 300' },
    otpCoolDownsSeconds: { default: '`60,120,300`', limits: 'up to ten whole numbers with commas between them' },
    hasDocs: { variables: ['DOCS'], default: '`true`', limits: 'true or false' },
    tableName: { default: '*template*' },
    smsApps: { default: '', limits: 'JSON' },
  });
});
