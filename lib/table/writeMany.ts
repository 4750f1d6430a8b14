import { writeBatch } from './batch.ts';
import type { Key } from './keys.ts';

const batchSize = 25;
const batchesAtOnce = 4;

/**
 * Puts any number of items, and deletes those given without an item. The writes are not atomic, so
 * use it for items that no request reads yet, or any more.
 * @param written receives the number of items that each call wrote
 */
export async function writeAll(
  changes: readonly { key: Key; item?: object }[],
  written: (items: number) => void = () => undefined,
): Promise<void> {
  const starts = Array.from(
    { length: Math.ceil(changes.length / batchSize) },
    (_, index) => index * batchSize,
  ).values();
  const writeInTurn = async () => {
    for (const start of starts) {
      const batch = changes.slice(start, start + batchSize);
      await writeBatch(batch);
      written(batch.length);
    }
  };
  await Promise.all(Array.from({ length: batchesAtOnce }, writeInTurn));
}
