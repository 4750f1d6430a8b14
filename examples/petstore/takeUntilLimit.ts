import { countBytes, mostBytes } from '../../lib/http/responseLimit.ts';

/** Takes items until the response would exceed the limit, for a list without pages. */
export async function takeUntilLimit<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  let bytes = 0;
  for await (const item of items) {
    bytes += countBytes(item);
    if (bytes > mostBytes) break;
    found.push(item);
  }
  return found;
}
