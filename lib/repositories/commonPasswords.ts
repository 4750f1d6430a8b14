import { hash } from 'node:crypto';
import * as z from 'zod';
import { folded, isPattern } from '../guessable.ts';
import { writeAll } from './bulk.ts';
import { commonPasswordsKey } from './keys.ts';
import { readAll, readPrefix } from './table.ts';

/** Common passwords whose SHA-256 begins with the same byte, by the bytes after it. */
const Bucket = z.object({ code: z.string(), hashes: z.array(z.string()) });
export type Bucket = z.infer<typeof Bucket>;

/** In hex. Of a hundred million other passwords about eight are taken for one of these. */
const codeCharacters = 2;
const hashCharacters = 8;

/** Whether a password is among those that guessers try first, or a pattern; in whatever case, digits and signs. */
export async function isCommon(password: string): Promise<boolean> {
  const guessed = folded(password);
  if (isPattern(guessed)) return true;
  const { code, hash } = placeOf(guessed);
  const [bucket] = await readAll([{ key: commonPasswordsKey(code), as: Bucket }]);
  return bucket?.hashes.includes(hash) ?? false;
}

/** Passwords as they are stored: in 256 items, each read as one unit. */
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

/** Puts some in the place of others. */
export async function replace(
  before: readonly Bucket[],
  after: readonly Bucket[],
  written: (items: number) => void,
): Promise<void> {
  const left = before.filter(({ code }) => !after.some((bucket) => bucket.code === code));
  await writeAll(
    after.map((bucket) => ({ key: commonPasswordsKey(bucket.code), item: bucket })),
    written,
  );
  await writeAll(left.map(({ code }) => ({ key: commonPasswordsKey(code) })));
}

function placeOf(guessed: string): { code: string; hash: string } {
  const digest = hash('sha256', guessed);
  return {
    code: digest.slice(0, codeCharacters),
    hash: digest.slice(codeCharacters, codeCharacters + hashCharacters),
  };
}
