/**
 * Of the 6 MB with which a Lambda function can answer; the body is a text in them, with its quotes
 * escaped.
 */
export const mostBytes = 5_500_000;

/** How much of an answer an item takes. */
export function countBytes(item: unknown): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(item)));
}

/** As many of these, from the first on, as one answer can hold: for a list that has no pages. */
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
