import { randomBytes } from 'node:crypto';

const highest = BigInt(Number.MAX_SAFE_INTEGER);

/** Returns a random id that nothing can guess, from 1 to 2^53 − 1, which is exact in JavaScript. */
export function newId(): number {
  const id = Number(randomBytes(8).readBigUInt64BE() & highest);
  return id === 0 ? newId() : id;
}
