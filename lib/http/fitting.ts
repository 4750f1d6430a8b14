/** Of the 6 MB with which a Lambda function can answer; the body is a text in them, with its quotes escaped. */
const mostBytes = 5_500_000;

/** As many of these, from the first on, as one answer can hold: for a list that has no pages. */
export async function fitting<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  let bytes = 0;
  for await (const item of items) {
    bytes += Buffer.byteLength(JSON.stringify(JSON.stringify(item)));
    if (bytes > mostBytes) break;
    found.push(item);
  }
  return found;
}
