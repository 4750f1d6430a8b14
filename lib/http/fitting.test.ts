import { fitting } from './fitting.ts';

test('as many as fit are answered, from the first on, counted as they are sent', () => {
  const item = (id: number) => ({ id, text: 'ش'.repeat(500_000) });
  const items = Array.from({ length: 10 }, (_, id) => item(id));
  expect(fitting(items).map(({ id }) => id)).toEqual([0, 1, 2, 3]);
  expect(Buffer.byteLength(JSON.stringify(fitting(items)))).toBeLessThan(6_000_000);
  expect(fitting([item(0), { id: 1, text: 'x'.repeat(5_000_000) }, item(2)])).toEqual([item(0)]);
  expect(fitting([])).toEqual([]);
});
