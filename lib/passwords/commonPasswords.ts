import { hash } from 'node:crypto';
import * as z from 'zod';
import { commonPasswordSourceKey, commonPasswordsKey } from '../table/keys.ts';
import { readAll, readPrefix, write } from '../table/table.ts';
import { writeAll } from '../table/writeMany.ts';
import { isSequenceOrRepetition, normalizeGuess } from './passwordPatterns.ts';

/**
 * Common passwords whose SHA-256 begins with the same byte. `hashes` joins the bytes after it into
 * one string. A stage with an older seed stores a list, which DynamoDB reads and writes far more
 * slowly.
 */
const Bucket = z.object({
  code: z.string(),
  hashes: z.union([z.string(), z.array(z.string()).transform((all) => all.join(''))]),
});
export type Bucket = z.infer<typeof Bucket>;

/** The origin of the lists. It is stored only while the lists are complete. */
const Source = z.object({ digest: z.string(), lists: z.int(), passwords: z.int() });
export type Source = z.infer<typeof Source>;

/**
 * Counted in hex characters. Of a hundred million other passwords, about eight match one of these
 * by chance.
 */
const codeCharacters = 2;
const hashCharacters = 8;

/** Returns whether a password is common or a pattern, in any case, digits and punctuation. */
export async function isCommon(password: string): Promise<boolean> {
  const guessed = normalizeGuess(password);
  if (isSequenceOrRepetition(guessed)) return true;
  const { code, hash } = placeOf(guessed);
  const [bucket] = await readAll([{ key: commonPasswordsKey(code), as: Bucket }]);
  return bucket !== undefined && splitHashes(bucket).includes(hash);
}

export function splitHashes({ hashes }: Bucket): string[] {
  return hashes.match(new RegExp(`.{${hashCharacters}}`, 'g')) ?? [];
}

/** Returns the items to store: 256 items, each read as one unit. */
export function makeBuckets(passwords: readonly string[]): Bucket[] {
  const different = [...new Set(passwords.map(normalizeGuess))];
  const buckets = Object.groupBy(different.map(placeOf), ({ code }) => code);
  return Object.entries(buckets).map(([code, places = []]) => ({
    code,
    hashes: places
      .map(({ hash }) => hash)
      .sort()
      .join(''),
  }));
}

export function readStored(): Promise<Bucket[]> {
  return readPrefix(commonPasswordsKey('').pk, '', Bucket);
}

export async function readStoredSource(): Promise<Source | undefined> {
  const [source] = await readAll([{ key: commonPasswordSourceKey, as: Source }]);
  return source;
}

/**
 * Replaces the stored lists. An interrupted load leaves no source, so the next load reads every
 * list.
 */
export async function replace(
  before: readonly Bucket[],
  after: readonly Bucket[],
  source: Source,
  written: (items: number) => void,
): Promise<void> {
  const left = before.filter(({ code }) => !after.some((bucket) => bucket.code === code));
  await write({ kind: 'delete', key: commonPasswordSourceKey });
  await writeAll(
    after.map((bucket) => ({ key: commonPasswordsKey(bucket.code), item: bucket })),
    written,
  );
  await writeAll(left.map(({ code }) => ({ key: commonPasswordsKey(code) })));
  await write({ kind: 'put', key: commonPasswordSourceKey, item: source });
}

function placeOf(guessed: string): { code: string; hash: string } {
  const digest = hash('sha256', guessed);
  return {
    code: digest.slice(0, codeCharacters),
    hash: digest.slice(codeCharacters, codeCharacters + hashCharacters),
  };
}
