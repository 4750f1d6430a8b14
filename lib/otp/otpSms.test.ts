import { languages } from '../languages.ts';
import { composeOtpSms, fitsOneSegment } from './otpSms.ts';

const apps = [
  { app_id: 'android', platform: 'android', hash: 'FA+9qCX9VSu' },
  { app_id: 'ios', platform: 'ios', domain: 'customers.shop.example' },
  { app_id: 'web', platform: 'web', domain: 'customers.shop.example' },
];

beforeEach(() => Object.assign(process.env, { SMS_APPS: JSON.stringify(apps), BRAND_NAME: 'Souq Market' }));
afterAll(() => {
  delete process.env.SMS_APPS;
  delete process.env.BRAND_NAME;
});

const platforms = [undefined, ...apps.map(({ app_id }) => app_id)];

test.each(languages.flatMap((language) => platforms.map((appId) => ({ language, appId }))))(
  'the SMS in $language for $appId fits one segment and begins with the OTP',
  ({ language, appId }) => {
    const text = composeOtpSms('012345', language, appId);
    expect(text.startsWith('012345')).toBe(true);
    expect(fitsOneSegment(text)).toBe(true);
    expect(text.length).toBeLessThanOrEqual(language === 'ar' ? 70 : 160);
  },
);

test('a BRAND_NAME that would need two segments is a configuration error', () => {
  process.env.BRAND_NAME = 'The Most Excellent Shop of Them All';
  expect(() => composeOtpSms('012345', 'ar', 'ios')).toThrow('BRAND_NAME');
  expect(composeOtpSms('012345', 'en', 'ios')).toContain('Most Excellent');
});

test.each([
  ['160 basic characters', 'a'.repeat(160), true],
  ['161 basic characters', 'a'.repeat(161), false],
  ['80 characters of the extension table, which count twice', '€'.repeat(80), true],
  ['81 characters of the extension table', '€'.repeat(81), false],
  ['70 Arabic letters', 'ش'.repeat(70), true],
  ['71 Arabic letters', 'ش'.repeat(71), false],
  ['36 emoji, which count twice', '🛒'.repeat(36), false],
])('%s fit one segment: %s', (_, text, fits) => {
  expect(fitsOneSegment(text)).toBe(fits);
});
