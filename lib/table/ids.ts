import { randomBytes } from 'node:crypto';

const highest = BigInt(Number.MAX_SAFE_INTEGER);

/** Returns an unguessable id up to 2^53 − 1, so that it is exact in every JSON parser. */
export function newId(): number {
  const id = Number(randomBytes(8).readBigUInt64BE() & highest);
  return id === 0 ? newId() : id;
}
