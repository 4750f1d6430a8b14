import { filterRecords } from './filterPatterns.ts';

const record = (sk: string, eventName = 'INSERT') => ({ eventName, dynamodb: { Keys: { sk: { S: sk } } } });
const keys = (...names: string[]) => ({ Keys: { sk: { S: names.map((prefix) => ({ prefix })) } } });

test.each([
  ['no pattern', [], true],
  ['a prefix of its key', [{ dynamodb: keys('SESSION#', 'DEVICE#') }], true],
  ['one pattern of several', [{ eventName: ['REMOVE'] }, { eventName: ['INSERT', 'MODIFY'] }], true],
  ['a pattern of another event', [{ eventName: ['REMOVE'], dynamodb: keys('DEVICE#') }], false],
  ['a pattern of another key', [{ dynamodb: keys('PROFILE') }], false],
  ['a field that it lacks', [{ dynamodb: { OldImage: { sk: { S: ['x'] } } } }], false],
  ['a field that it must not have', [{ dynamodb: { OldImage: [{ exists: false }] } }], true],
  ['a value that it must not have', [{ eventName: [{ 'anything-but': ['INSERT'] }] }], false],
])('a record meets %s', (_, patterns, isWanted) => {
  expect(filterRecords(patterns, [record('DEVICE#1')])).toHaveLength(isWanted ? 1 : 0);
});

test('a rule that is not known is an error, not a filter that lets all through', () => {
  expect(() => filterRecords([{ eventName: [{ wildcard: '*' }] }], [record('DEVICE#1')])).toThrow(
    'no filter rule wildcard',
  );
});
