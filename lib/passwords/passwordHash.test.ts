import { hashPassword, isOutdated, matchesHash } from './passwordHash.ts';

const costs = { PASSWORD_MEMORY_KIB: '128', PASSWORD_PASSES: '2' };
beforeEach(() => Object.assign(process.env, costs));
afterAll(() => {
  for (const name of Object.keys(costs)) Reflect.deleteProperty(process.env, name);
});

test('a hash of a lower cost is outdated, but matches only its own password', async () => {
  Object.assign(process.env, { PASSWORD_MEMORY_KIB: '64', PASSWORD_PASSES: '1' });
  const stored = await hashPassword('blue tea cups');
  Object.assign(process.env, costs);
  expect({
    isOutdated: isOutdated(stored),
    isCurrentOutdated: isOutdated(await hashPassword('blue tea cups')),
    right: await matchesHash('blue tea cups', stored),
    wrong: await matchesHash('green tea cups', stored),
    missing: await matchesHash('blue tea cups', undefined),
  }).toEqual({ isOutdated: true, isCurrentOutdated: false, right: true, wrong: false, missing: false });
});
