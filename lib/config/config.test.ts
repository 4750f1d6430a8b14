import { checkSettings, config } from './config.ts';
import { ConfigurationError } from './env.ts';

const set = (settings: Record<string, string>) => Object.assign(process.env, settings);
const saved = { ...process.env };
afterEach(() => {
  process.env = { ...saved };
});

test('config names a missing environment variable in one sentence', () => {
  delete process.env.TABLE_NAME;
  expect(() => config.tableName).toThrow(new ConfigurationError('The environment variable TABLE_NAME is not set.'));
});

test.each([
  ['OTP_SECONDS', 'soon', () => config.otpSeconds],
  ['OTP_SECONDS', '0', () => config.otpSeconds],
  ['OTP_SENDS_PER_PHONE_PER_HOUR', '51', () => config.otpSendsPerPhonePerHour],
  ['OTP_COOL_DOWNS_SECONDS', '60,x', () => config.otpCoolDownsSeconds],
  ['SMS_APPS', '{', () => config.smsApps],
  ['SMS_APPS', '[{"app_id":"a","platform":"android","hash":"secret-ish"}]', () => config.smsApps],
  ['PUSH_ANDROID_APPLICATION', 'secret-ish', () => config.pushApplications],
  ['PUSH_IOS_APPLICATION', 'arn:aws:sns:eu-central-1:000000000000:app/GCM/shop', () => config.pushApplications],
  ['CLIENT_IP_HEADER', 'secret-ish header', () => config.cdn],
  ['CLIENT_IP_HEADER', 'CF-Connecting-IP', () => config.cdn],
  ['CLIENT_IP_SECRET_HEADER', 'X-Cdn-Secret', () => config.cdn],
  ['CLIENT_IP_SECRET_SHA256', 'secret-ish', () => config.cdn],
  ['CLIENT_IP_SECRET_SHA256', '123456'.repeat(12).slice(0, 64), () => config.cdn],
  ['TEST_NUMBERS', '[{"phone_number":"010","otp":"123456","until":"2026-01-01"}]', () => config.testNumbers],
])('config rejects %s=%s with the name and without the value', (variable, value, read) => {
  set({ STAGE: 'dev', [variable]: value });
  const error = (() => {
    try {
      read();
    } catch (thrown) {
      return thrown as Error;
    }
    return new Error('nothing was thrown');
  })();
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toContain(variable);
  expect(error.message).not.toMatch(/secret-ish|123456/);
});

test('config uses the documented defaults', () => {
  expect({ ...pick('otpSeconds', 'attemptsPerOtp', 'wrongOtpsPerPhonePerDay', 'otpCoolDownsSeconds') }).toEqual({
    otpSeconds: 300,
    attemptsPerOtp: 5,
    wrongOtpsPerPhonePerDay: 15,
    otpCoolDownsSeconds: [60, 120, 300],
  });
  expect(pick('otpSendsPerPhonePerHour', 'otpSendsPerPhonePerDay', 'otpSendsPerNetworkPerHour')).toEqual({
    otpSendsPerPhonePerHour: 5,
    otpSendsPerPhonePerDay: 10,
    otpSendsPerNetworkPerHour: 20,
  });
  expect(pick('accessTokenSeconds', 'sessionIdleSeconds', 'sessionMaxSeconds', 'refreshGraceSeconds')).toEqual({
    accessTokenSeconds: 900,
    sessionIdleSeconds: 30 * 86_400,
    sessionMaxSeconds: 180 * 86_400,
    refreshGraceSeconds: 30,
  });
});

test('checkSettings finds a wrong setting before a request needs it', () => {
  expect(checkSettings).not.toThrow();
  set({ STAGE: 'prod', TEST_NUMBERS: '[{"phone_number":"+201001234567","otp":"123456","until":"2026-12-31"}]' });
  expect(checkSettings).toThrow('TEST_NUMBERS is set in prod without ALLOW_TEST_NUMBERS=true.');
});

test('config requires two different headers for the IP address and the secret of a CDN, and none without a CDN', () => {
  expect(config.cdn).toBeUndefined();
  const sha256 = 'ab'.repeat(32);
  set({ CLIENT_IP_HEADER: 'X-Same', CLIENT_IP_SECRET_HEADER: 'x-same', CLIENT_IP_SECRET_SHA256: sha256 });
  expect(checkSettings).toThrow('must be set together, for two headers.');
  set({ CLIENT_IP_HEADER: 'CF-Connecting-IP' });
  expect(checkSettings).not.toThrow();
  expect(config.cdn).toEqual({
    addressHeader: 'cf-connecting-ip',
    secretHeader: 'x-same',
    secretSha256: Buffer.from(sha256, 'hex'),
  });
});

test('config.clockOffsetSeconds moves the clock only in the stage local', () => {
  set({ STAGE: 'local', CLOCK_OFFSET_SECONDS: '60' });
  expect(config.clockOffsetSeconds).toBe(60);
  set({ STAGE: 'prod' });
  expect(config.clockOffsetSeconds).toBe(0);
});

function pick<K extends keyof typeof config>(...names: K[]) {
  return Object.fromEntries(names.map((name) => [name, config[name]]));
}
