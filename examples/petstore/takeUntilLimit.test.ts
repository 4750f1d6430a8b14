import { takeUntilLimit } from './takeUntilLimit.ts';

async function* streamOf<T>(items: T[], read: T[] = []) {
  for (const item of items) {
    read.push(item);
    yield item;
  }
}

test('takeUntilLimit takes items until the response would exceed the limit of Lambda, and reads no further', async () => {
  for (const text of ['ش'.repeat(250_000), '"'.repeat(125_000), Array.from({ length: 60_000 }, () => ['t'])]) {
    const items = Array.from({ length: 40 }, (_, id) => ({ id, text }));
    const read: typeof items = [];
    const found = await takeUntilLimit(streamOf(items, read));
    expect(found).toEqual(items.slice(0, found.length));
    expect(read).toHaveLength(found.length + 1);
    const bytes = Buffer.byteLength(JSON.stringify({ body: JSON.stringify(found) }));
    expect(bytes).toBeGreaterThan(4_500_000);
    expect(bytes).toBeLessThan(6_000_000);
  }
  expect(await takeUntilLimit(streamOf([]))).toEqual([]);
});
