/** What `read` answers, or undefined where it reaches behind the end of a buffer: the file is cut off or lies about a length. */
export function undefinedIfTruncated<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as Error).name === 'RangeError') return undefined;
    throw error;
  }
}
