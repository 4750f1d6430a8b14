/** Far more segments or chunks than a picture of 4 MB needs, and few enough to read in 50 ms. */
const mostParts = 10_000;

/** Larger than the profiles of printing presses. */
export const mostProfileBytes = 1024 * 1024;

/**
 * Returns a function to call for each part of a file.
 * @throws {RangeError} when it is called for too many parts
 */
export function limitParts(): () => void {
  let parts = 0;
  return () => {
    parts += 1;
    if (parts > mostParts) throw new RangeError('The file has too many parts.');
  };
}
