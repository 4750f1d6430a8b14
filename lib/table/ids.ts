import { randomBytes } from 'node:crypto';

const highest = BigInt(Number.MAX_SAFE_INTEGER);

/** A random id from 1 to 2^53 − 1: exact in every client's number type, and the next one cannot be guessed. */
export function newId(): number {
  const id = Number(randomBytes(8).readBigUInt64BE() & highest);
  return id === 0 ? newId() : id;
}
