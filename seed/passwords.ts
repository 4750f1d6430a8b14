import { dictionary } from '@zxcvbn-ts/language-common';
import * as commonPasswords from '../lib/repositories/commonPasswords.ts';
import { compare, type Plan } from './plan.ts';

/** Shorter ones are refused anyway. */
const fewestCharacters = 8;

/** Plans to load the passwords that guessers try first. */
export async function planCommonPasswords(): Promise<Plan> {
  const passwords = dictionary['passwords-common'].filter(({ length }) => length >= fewestCharacters);
  const buckets = commonPasswords.bucketsOf(passwords);
  const changes = compare('password lists', await commonPasswords.stored(), buckets);
  const note = `${passwords.length.toLocaleString('en')} passwords`;
  if (changes.unchanged === buckets.length) return { ...changes, note };
  return {
    ...changes,
    note,
    writes: buckets.length,
    apply: (written) => commonPasswords.save(buckets, written),
  };
}
