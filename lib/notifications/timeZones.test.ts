import { findCountryTimeZone, isTimeZone, isWithinHours } from './timeZones.ts';

test.each([
  ['EG', 'Africa/Cairo'],
  ['SA', 'Asia/Riyadh'],
  ['KW', 'Asia/Kuwait'],
])('the time zone of %s is %s', (country, zone) => {
  const offset = (timeZone: string) =>
    new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).format(Date.UTC(2026, 6, 1));
  expect(offset(findCountryTimeZone(country))).toBe(offset(zone));
});

test.each([
  ['Africa/Cairo', true],
  ['UTC', true],
  ['+02:00', false],
  ['Mars/Base', false],
  ['', false],
])('isTimeZone(%j) is %s', (name, expected) => expect(isTimeZone(name)).toBe(expected));

const night = { start: '22:00', end: '07:00' };
const noon = { start: '12:00', end: '12:30' };

test.each([
  // Egypt is two hours ahead of UTC in winter and three in summer.
  [night, '2026-01-15T19:59:59Z', false],
  [night, '2026-01-15T20:00:00Z', true],
  [night, '2026-01-16T04:59:59Z', true],
  [night, '2026-01-16T05:00:00Z', false],
  [night, '2026-07-15T18:59:59Z', false],
  [night, '2026-07-15T19:00:00Z', true],
  [night, '2026-07-16T03:59:59Z', true],
  [night, '2026-07-16T04:00:00Z', false],
  // The clock goes from 00:00 to 01:00 on the last Friday in April, and from 24:00 back to 23:00 in
  // October.
  [night, '2026-04-23T22:00:00Z', true],
  [{ start: '00:00', end: '01:00' }, '2026-04-23T22:00:00Z', false],
  [{ start: '23:30', end: '23:45' }, '2026-10-29T20:35:00Z', true],
  [{ start: '23:30', end: '23:45' }, '2026-10-29T21:35:00Z', true],
  [noon, '2026-01-15T10:00:00Z', true],
  [noon, '2026-01-15T10:30:00Z', false],
  [{ start: '00:00', end: '23:59' }, '2026-01-15T22:00:00Z', true],
])('quiet hours %j include %s in Cairo: %s', (hours, at, expected) =>
  expect(isWithinHours(hours, Date.parse(at), 'Africa/Cairo')).toBe(expected),
);
