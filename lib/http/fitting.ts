/** A Lambda function answers with 6 MB at most. */
const mostBytes = 5_000_000;

/** As many of these, from the first on, as one answer can hold: for a list that has no pages. */
export function fitting<T>(items: Iterable<T>): T[] {
  let bytes = 0;
  return Array.from(items).filter((item) => {
    bytes += Buffer.byteLength(JSON.stringify(item));
    return bytes <= mostBytes;
  });
}
