import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import type { Item } from '../table/expressions.ts';
import {
  customerPartition,
  entryPrefix,
  entryRecordKey,
  entryRecordPrefix,
  type Key,
  walletRecordKey,
} from '../table/keys.ts';
import { readAll, readRaw } from '../table/table.ts';
import { type Finding, intactEntry } from './auditEntry.ts';
import { hashEntry } from './ledgerHash.ts';
import { type Entry, IdempotencyRecord, serializeRequest } from './walletRepository.ts';

const { pk: claimPrefix, sk } = walletRecordKey('');
export const claimSortKey = sk;
const isClaim = (key: Key) => key.sk === claimSortKey && key.pk.startsWith(claimPrefix);

/** The entries of a wallet and the idempotency records beside them, as they are in the table. */
interface Stored {
  entries: readonly (Key & Item)[];
  records: readonly (Key & Item)[];
}

const listIntact = (customerId: number, entries: Stored['entries']): Entry[] =>
  entries.flatMap((item) => intactEntry(customerId, item) ?? []);

/** An expired record may be deleted at any moment, so it counts as missing. */
const isLive = ({ expiresAtSeconds }: Item) => !(Number(expiresAtSeconds) <= nowSeconds());

/**
 * Reports intact entries without an intact idempotency record at both of its keys.
 */
export async function compareRecords(customerId: number, { entries, records: stored }: Stored): Promise<Finding[]> {
  const intact = listIntact(customerId, entries);
  const beside = new Map(stored.filter(isLive).map((record) => [record.sk.slice(entryRecordPrefix.length), record]));
  // Two entries may share a key if both of its records were lost, but BatchGetItem rejects
  // duplicate keys.
  const keyHashes = [...new Set(intact.flatMap(({ keyHash }) => keyHash ?? []))];
  const claims = await readItems(keyHashes.map(walletRecordKey));
  const shared = new Map(keyHashes.map((keyHash, index) => [keyHash, claims[index]]));
  return intact.flatMap(({ keyHash = '', id: entryId, hash }) => {
    const records = keyHash ? [shared.get(keyHash), beside.get(keyHash)] : [];
    const isEdited = records.some((record) => record !== undefined && !isOf(record, customerId, hash));
    return [
      ...(records.includes(undefined) ? [{ customerId, problem: 'idempotency_record_missing' as const, entryId }] : []),
      ...(isEdited ? [{ customerId, problem: 'idempotency_record_edited' as const, entryId }] : []),
    ];
  });
}

/**
 * Reports records without an entry. Each entry that is missing or edited leaves one behind and is
 * reported itself, so only further records count.
 */
export function findOrphans(customerId: number, entryCount: number, { entries, records }: Stored): Finding[] {
  const intact = listIntact(customerId, entries);
  const keyHashes = new Set(intact.map(({ keyHash }) => keyHash));
  const orphans = records.filter(({ sk }) => !keyHashes.has(sk.slice(entryRecordPrefix.length)));
  const lost = Math.max(0, entryCount - entries.length) + entries.length - intact.length;
  if (orphans.length <= lost) return [];
  return orphans.map((record) => ({
    customerId,
    problem: 'idempotency_record_edited',
    entryId: IdempotencyRecord.safeParse(record).data?.entry.id ?? null,
  }));
}

/**
 * Reports claims of idempotency keys that have neither a record nor an entry. A request with the
 * key would count as done.
 */
export async function findOrphanClaims(keys: readonly Key[]): Promise<Finding[]> {
  const keyHashes = keys.filter(isClaim).map(({ pk }) => pk.slice(claimPrefix.length));
  const claims = await readItems(keyHashes.map(walletRecordKey));
  const owners = claims.map((claim) => IdempotencyRecord.safeParse(claim).data?.customerId ?? 0);
  const records = await readItems(keyHashes.map((keyHash, index) => entryRecordKey(owners[index] ?? 0, keyHash)));
  const findings: Finding[] = [];
  for (const [index, keyHash] of keyHashes.entries()) {
    const [claim, customerId = 0] = [claims[index], owners[index]];
    if (claim === undefined || records[index] !== undefined) continue;
    const entries = await readRaw(customerPartition(customerId), entryPrefix);
    if (entries.some((item) => intactEntry(customerId, item)?.keyHash === keyHash)) continue;
    const entryId = IdempotencyRecord.safeParse(claim).data?.entry.id ?? null;
    findings.push({ customerId, problem: 'idempotency_record_edited', entryId });
  }
  return findings;
}

/** The items of one BatchGetItem call. */
const itemsPerRead = 100;

async function readItems(keys: readonly Key[]): Promise<unknown[]> {
  const items: unknown[] = [];
  for (let start = 0; start < keys.length; start += itemsPerRead) {
    const part = keys.slice(start, start + itemsPerRead);
    items.push(...(await readAll(part.map((key) => ({ key, as: z.unknown() })))));
  }
  return items;
}

function isOf(record: unknown, customerId: number, hash: string | undefined): boolean {
  const claim = IdempotencyRecord.safeParse(record).data;
  if (claim?.customerId !== customerId || claim.entry.hash !== hash) return false;
  return hashEntry(customerId, claim.entry) === hash && hasContentOf(claim);
}

function hasContentOf({ customerId, content, entry }: IdempotencyRecord): boolean {
  const amountMinor = entry.requestedMinor ?? Math.abs(entry.amountMinor);
  return content === serializeRequest({ ...entry, customerId, amountMinor });
}
