import { composeOtpEmail } from '../otp/otpEmail.ts';
import { encodeName } from './email.ts';
import { layOutEmail } from './emailLayout.ts';

beforeEach(() => {
  Object.assign(process.env, { STAGE: 'test', BRAND_NAME: 'Shop', EMAIL_CODE_DOMAIN: 'shop.example.com' });
});

/** Decodes a header as mail apps do. */
const decode = (header: string) =>
  header
    .split(' ')
    .map((word) => Buffer.from(/^=\?UTF-8\?B\?(.*)\?=$/.exec(word)?.[1] ?? '', 'base64').toString())
    .join('');

test('a name for a header is quoted ASCII, or encoded words of at most 75 characters', () => {
  expect(encodeName('The "Tea" \\ Shop')).toBe('"The \\"Tea\\" \\\\ Shop"');
  const name = 'متجر الشاي والقهوة والتوابل في القاهرة 🫖';
  const encoded = encodeName(name);
  expect(encoded).toMatch(/^[\x20-\x7e]+$/);
  for (const word of encoded.split(' ')) expect(word.length).toBeLessThanOrEqual(75);
  expect(decode(encoded)).toBe(name);
});

test('an e-mail with an OTP begins with the OTP, and ends with the line for automatic code entry', () => {
  const { subject, text } = composeOtpEmail('012345', 'email_verification', 'en');
  const lines = text.split('\n');
  expect([subject, lines[0], lines.at(-1)]).toEqual([
    '012345 is your Shop code',
    '012345 is your Shop code',
    '@shop.example.com #012345',
  ]);
  expect(text).toContain('expires in 5 minutes');
});

test('an e-mail without a domain has no line for automatic code entry', () => {
  process.env.EMAIL_CODE_DOMAIN = '';
  expect(composeOtpEmail('012345', 'password_reset', 'en').text).not.toContain('#012345');
});

test('an Arabic e-mail is right to left, and counts minutes as Arabic does', () => {
  const { subject, text, html } = composeOtpEmail('012345', 'password_reset', 'ar');
  expect(subject).toBe('012345 هو رمزك في Shop');
  expect(text).toContain('خلال 5 دقائق');
  expect(html).toMatch(/^<!doctype html><html dir="rtl" lang="ar">/);
  expect(html).toContain('<span dir="ltr">012345</span>');
});

test('the HTML escapes every text, and sets no colour, so that it suits dark mode', () => {
  process.env.BRAND_NAME = '<b>"Tea" & \'more\'</b>';
  const html = layOutEmail({ language: 'en', subject: '<i>', paragraphs: ['<script>', '&'], code: '<1>' });
  expect(html).not.toMatch(/<b>|<i>|<script>|<1>|& /);
  expect(html).not.toMatch(/[^-]color:|background|bgcolor/);
  expect(html).toContain('<meta name="color-scheme" content="light dark">');
});
