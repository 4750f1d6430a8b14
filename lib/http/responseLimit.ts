/** Lambda limits a response to 6 MB, including the escapes of the body, which is a JSON string. */
export const mostBytes = 5_500_000;

export function countBytes(item: unknown): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(item)));
}

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
