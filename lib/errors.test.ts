import { errors } from './errors.ts';
import { fieldDetails, fieldErrors, namedFieldErrors } from './errorTexts.ts';
import { languages } from './languages.ts';

const texts = [
  ...Object.entries(errors).map(([name, { detail }]) => [name, detail] as const),
  ...Object.entries(fieldErrors),
  ...Object.entries(namedFieldErrors).map(([name, texts]) => [`${name} with its field`, texts] as const),
  ...Object.entries(fieldDetails),
];

test.each(texts)('the text of %s exists in every language', (_, detail) => {
  expect(Object.keys(detail)).toEqual([...languages]);
  expect(detail.ar).toMatch(/[\u0600-\u06ff]/);
  expect(detail.en).toMatch(/^[A-Z][^\u0600-\u06ff]+\.$/);
  const placeholders = (text: string) => text.match(/\{\w+\}/g) ?? [];
  expect(placeholders(detail.ar)).toEqual(placeholders(detail.en));
});

test('every error has a unique code, except both kinds of throttling and of reused idempotency keys', () => {
  const { limitExceeded, idempotencyKeyConflict, ...others } = errors;
  const codes = Object.values(others).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(limitExceeded.code).toBe(others.throttled.code);
  expect(idempotencyKeyConflict.code).toBe(others.idempotencyKeyReused.code);
});
