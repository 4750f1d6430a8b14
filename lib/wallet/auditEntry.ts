import * as z from 'zod';
import { entryKey, type Key } from '../table/keys.ts';
import { hashEntry } from './ledgerHash.ts';
import { Entry } from './walletRepository.ts';

export const problems = [
  'balance_differs',
  'entry_edited',
  'entry_missing',
  'entry_unknown',
  'entry_replaced',
  'idempotency_record_missing',
  'idempotency_record_edited',
  'wallet_edited',
  'wallet_missing',
  /** The balance changed during every attempt. Verify the wallet again. */
  'not_checked',
] as const;

export interface Finding {
  customerId: number;
  problem: (typeof problems)[number];
  entryId: number | null;
}

/** The items must have no other attributes: a TTL attribute, for example, would delete them. */
const StoredEntry = z.strictObject({ pk: z.string(), sk: z.string(), ...Entry.shape });

/** Returns the entry of an item if it is unchanged, and undefined otherwise. */
export function intactEntry(customerId: number, item: Key): Entry | undefined {
  const entry = StoredEntry.safeParse(item).data;
  const isIntact = entry && hashEntry(customerId, entry) === entry.hash && entryKey(customerId, entry).sk === item.sk;
  return isIntact ? entry : undefined;
}
