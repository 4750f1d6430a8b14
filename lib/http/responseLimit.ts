/** Lambda limits a response to 6 MB, including the escapes of the body, which is a JSON string. */
export const mostBytes = 5_500_000;

export function countBytes(item: unknown): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(item)));
}
