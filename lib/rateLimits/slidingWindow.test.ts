import fc from 'fast-check';
import { write } from '../table/table.ts';
import { useWorld } from '../testing/stage/world.ts';
import { SlidingWindow } from './slidingWindow.ts';

useWorld();

let items = 0;

function windowOnItem(window: SlidingWindow) {
  items += 1;
  const key = { pk: `TEST#${items}`, sk: 'WINDOW' };
  return {
    count: (now: number) =>
      write({
        kind: 'update',
        key,
        expression: `SET ${window.count}`,
        condition: window.allows,
        values: window.values(now),
      }),
    uncount: (now: number) =>
      write({ kind: 'update', key, expression: `SET ${window.uncount}`, values: window.values(now) }),
  };
}

test('a sliding window allows the same events, and returns the same waits, as a plain list of events', async () => {
  const limits = [
    { events: 3, perSeconds: 100 },
    { events: 5, perSeconds: 1_000 },
  ];
  const coolDowns = [5, 20];
  const step = fc.record({ pauseSeconds: fc.integer({ min: 0, max: 150 }), takeBack: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const window = new SlidingWindow('event', limits, coolDowns);
      const item = windowOnItem(window);
      let events: number[] = [];
      let now = 1_000_000;
      for (const { pauseSeconds, takeBack } of steps) {
        now += pauseSeconds;
        const recent = events.filter((at) => at > now - 100).length;
        const sinceLast = now - (events[0] ?? 0);
        const allowed =
          limits.every(({ events: most, perSeconds }) => events.filter((at) => at > now - perSeconds).length < most) &&
          coolDowns.slice(0, recent).every((wait) => sinceLast >= wait);
        const { done, old } = await item.count(now);
        expect(done).toBe(allowed);
        expect(window.wait(window.read(old), now) === 0).toBe(allowed);
        if (!allowed) continue;
        if (takeBack) await item.uncount(now);
        else events = [now, ...events];
      }
    }),
    { numRuns: 40 },
  );
});

test('a sliding window allows the next event in the second in which the period of a limit ends', async () => {
  const item = windowOnItem(new SlidingWindow('event', [{ events: 1, perSeconds: 100 }]));
  const counted = async (now: number) => (await item.count(now)).done;
  expect({ first: await counted(1_000), early: await counted(1_099), inTime: await counted(1_100) }).toEqual({
    first: true,
    early: false,
    inTime: true,
  });
});

test('a sliding window returns the shortest wait after which an event is allowed', async () => {
  const window = new SlidingWindow('event', [{ events: 2, perSeconds: 60 }], [10]);
  const item = windowOnItem(window);
  await item.count(100);
  const { old } = await item.count(105);
  const wait = window.wait(window.read(old), 105);
  expect((await item.count(105 + wait - 1)).done).toBe(false);
  expect((await item.count(105 + wait)).done).toBe(true);
});

test('a sliding window allows exactly the limit of 100 parallel events', async () => {
  const item = windowOnItem(new SlidingWindow('event', [{ events: 7, perSeconds: 60 }]));
  const results = await Promise.all(Array.from({ length: 100 }, () => item.count(500)));
  expect(results.filter(({ done }) => done)).toHaveLength(7);
});
