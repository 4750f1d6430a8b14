import { createHash } from 'node:crypto';
import * as z from 'zod';
import { folded, isPattern } from '../guessable.ts';
import { writeAll } from './bulk.ts';
import { commonPasswordsKey } from './keys.ts';
import { readAll, readPrefix } from './table.ts';

/** Common passwords whose SHA-256 begins with the same character in base64url, by the characters after it. */
const Bucket = z.object({ code: z.string(), hashes: z.array(z.string()) });
export type Bucket = z.infer<typeof Bucket>;

/** Six bytes: far more than it takes to tell these passwords from all others. */
const hashCharacters = 8;

/** Whether a password is among those that guessers try first, or a pattern; in whatever case, digits and signs. */
export async function isCommon(password: string): Promise<boolean> {
  const guessed = folded(password);
  if (isPattern(guessed)) return true;
  const { code, hash } = placeOf(guessed);
  const [bucket] = await readAll([{ key: commonPasswordsKey(code), as: Bucket }]);
  return bucket?.hashes.includes(hash) ?? false;
}

/** Passwords as they are stored: in 64 items, each read as one unit. */
export function bucketsOf(passwords: readonly string[]): Bucket[] {
  const different = [...new Set(passwords.map(folded))];
  const buckets = Object.groupBy(different.map(placeOf), ({ code }) => code);
  return Object.entries(buckets).map(([code, places = []]) => ({
    code,
    hashes: places.map(({ hash }) => hash).sort(),
  }));
}

export function stored(): Promise<Bucket[]> {
  return readPrefix(commonPasswordsKey('').pk, '', Bucket);
}

export function save(buckets: readonly Bucket[], written: (items: number) => void): Promise<void> {
  return writeAll(
    buckets.map((bucket) => ({ key: commonPasswordsKey(bucket.code), item: bucket })),
    written,
  );
}

function placeOf(guessed: string): { code: string; hash: string } {
  const hash = createHash('sha256').update(guessed).digest('base64url');
  return { code: hash.slice(0, 1), hash: hash.slice(1, 1 + hashCharacters) };
}
