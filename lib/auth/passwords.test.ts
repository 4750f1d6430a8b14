import { hashPassword, isOutdated, isPassword } from './passwords.ts';

const settings = { PASSWORD_MEMORY_KIB: '65536', PASSWORD_PASSES: '2' };
beforeEach(() => Object.assign(process.env, settings));
afterAll(() => {
  for (const name of Object.keys(settings)) Reflect.deleteProperty(process.env, name);
});

/** Processor time in ms, which other programs of the machine do not add to. */
async function effort(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

test('a comparison takes the same work with a hash, without one, and with one of a lower cost', async () => {
  const stored = await hashPassword('blue tea cups');
  Object.assign(process.env, { PASSWORD_MEMORY_KIB: '32768', PASSWORD_PASSES: '1' });
  const cheaper = await hashPassword('blue tea cups');
  Object.assign(process.env, settings);
  expect([isOutdated(stored), isOutdated(cheaper)]).toEqual([false, true]);

  const kinds = { stored, cheaper, missing: undefined };
  const efforts: Record<string, number[]> = { stored: [], cheaper: [], missing: [] };
  // In turn, so that whatever else the machine does falls on all.
  for (let round = 0; round < 15; round++) {
    for (const [kind, hash] of Object.entries(kinds)) {
      efforts[kind]?.push(await effort(() => isPassword('not the password', hash)));
    }
  }
  const [known = 1, old = 0, unknown = 0] = Object.values(efforts).map(median);
  // Without the rest of its work, the old one would take a quarter.
  for (const other of [old, unknown]) {
    expect(other / known).toBeGreaterThan(0.75);
    expect(other / known).toBeLessThan(1.35);
  }
});

test('a hash of a lower cost is still of its password, and of no other', async () => {
  Object.assign(process.env, { PASSWORD_MEMORY_KIB: '64', PASSWORD_PASSES: '1' });
  const stored = await hashPassword('blue tea cups');
  Object.assign(process.env, settings);
  expect([await isPassword('blue tea cups', stored), await isPassword('green tea cups', stored)]).toEqual([
    true,
    false,
  ]);
});
