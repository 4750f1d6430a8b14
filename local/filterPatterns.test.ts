import { filterRecords } from './filterPatterns.ts';

const record = (sk: string, eventName = 'INSERT') => ({ eventName, dynamodb: { Keys: { sk: { S: sk } } } });
const keys = (...names: string[]) => ({ Keys: { sk: { S: names.map((prefix) => ({ prefix })) } } });

test.each([
  ['no pattern', [], true],
  ['a prefix of its key', [{ dynamodb: keys('SESSION#', 'DEVICE#') }], true],
  ['one pattern of several', [{ eventName: ['REMOVE'] }, { eventName: ['INSERT', 'MODIFY'] }], true],
  ['a pattern of another event', [{ eventName: ['REMOVE'], dynamodb: keys('DEVICE#') }], false],
  ['a pattern of another key', [{ dynamodb: keys('PROFILE') }], false],
  ['a field that is missing', [{ dynamodb: { OldImage: { sk: { S: ['x'] } } } }], false],
  ['a field that must be missing', [{ dynamodb: { OldImage: [{ exists: false }] } }], true],
  ['a value that is excluded', [{ eventName: [{ 'anything-but': ['INSERT'] }] }], false],
])('filterRecords filters a record by %s', (_, patterns, isWanted) => {
  expect(filterRecords(patterns, [record('DEVICE#1')])).toHaveLength(isWanted ? 1 : 0);
});

test('an unknown rule is an error instead of a filter that passes everything', () => {
  expect(() => filterRecords([{ eventName: [{ wildcard: '*' }] }], [record('DEVICE#1')])).toThrow(
    'no filter rule wildcard',
  );
});
