/**
 * Returns the result of `read`, or undefined if it reads past the end of a buffer. The file is then
 * truncated or has a wrong length field.
 */
export function undefinedIfTruncated<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as Error).name === 'RangeError') return undefined;
    throw error;
  }
}
