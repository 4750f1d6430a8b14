import pMap from 'p-map';
import * as z from 'zod';
import { backOff } from '../backOff.ts';
import { fail } from '../errors.ts';
import { scanKeys } from '../table/batch.ts';
import {
  customerPartition,
  entryKey,
  entryPrefix,
  entryRecordKey,
  entryRecordPrefix,
  type Key,
  readCustomerId,
  walletKey,
  walletRecordKey,
} from '../table/keys.ts';
import { readAll, readRaw } from '../table/table.ts';
import { hashEntry, readChecksum } from './ledgerHash.ts';
import { Entry, IdempotencyRecord, serializeRequest, Wallet } from './walletRepository.ts';

const { pk: claimPrefix, sk: claimSortKey } = walletRecordKey('');
const isClaim = ({ pk, sk }: Key) => sk === claimSortKey && pk.startsWith(claimPrefix);

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

export interface Report {
  wallets: number;
  entries: number;
  findings: Finding[];
}

const walletsAtOnce = 8;

/** Verifies the wallets in one part of the table. `after` continues behind an earlier part. */
export async function verifyNext(after?: Key): Promise<Report & { next: Key | undefined }> {
  const { keys: scanned, next } = await scanKeys(
    [walletKey(0).sk, entryPrefix, entryRecordPrefix, claimSortKey],
    after,
  );
  const [claims, keys] = [scanned.filter(isClaim), scanned.filter(({ sk }) => sk !== claimSortKey)];
  const withWallet = new Set(keys.filter(({ sk }) => sk === walletKey(0).sk).map(({ pk }) => pk));
  const partitions = [...new Set(keys.map(({ pk }) => pk))];
  const reports = await pMap(
    partitions,
    async (pk) => {
      // The wallet of these entries may be in another part, which verifies it.
      const isElsewhere = !withWallet.has(pk) && (await readWallet(readCustomerId(pk))) !== undefined;
      return isElsewhere ? [] : [await verifyWallet(readCustomerId(pk))];
    },
    { concurrency: walletsAtOnce },
  );
  const orphans = await findOrphanClaims(claims.map(({ pk }) => pk.slice(claimPrefix.length)));
  return { ...total([...reports.flat(), { wallets: 0, entries: 0, findings: orphans }]), next };
}

/**
 * Reports claims of idempotency keys that have neither a record nor an entry. A request with the
 * key would count as done.
 */
async function findOrphanClaims(keyHashes: readonly string[]): Promise<Finding[]> {
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

function total(reports: readonly Report[]): Report {
  const sum = (count: (report: Report) => number) => reports.reduce((all, report) => all + count(report), 0);
  return {
    wallets: sum(({ wallets }) => wallets),
    entries: sum(({ entries }) => entries),
    findings: reports.flatMap(({ findings }) => findings),
  };
}

const attempts = 10;

/**
 * Verifies a wallet against its entries and their idempotency records, and reports every
 * difference.
 * @throws customerNotFound if there is neither a wallet nor an entry nor a record
 */
export async function verifyWallet(customerId: number): Promise<Report> {
  const finding = (problem: Finding['problem']) => ({ customerId, problem, entryId: null });
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const before = await readWallet(customerId);
    const [entries, records] = await Promise.all([
      readRaw(customerPartition(customerId), entryPrefix),
      readRaw(customerPartition(customerId), entryRecordPrefix),
    ]);
    const after = await readWallet(customerId);
    const counts = { wallets: before ? 1 : 0, entries: entries.length };
    if (!before && !after && entries.length + records.length === 0) return fail('customerNotFound');
    if (!before && !after) return { ...counts, findings: [finding('wallet_missing')] };
    if (before?.entryCount === after?.entryCount) {
      const wallet = StoredWallet.safeParse(before).data;
      const ofRecords = await compareRecords(customerId, entries);
      const ofEntries = wallet ? compare(customerId, wallet, entries) : [finding('wallet_edited')];
      const ofOrphans = findOrphans(customerId, wallet?.entryCount ?? 0, { entries, records });
      return { ...counts, findings: [...ofEntries, ...ofRecords, ...ofOrphans] };
    }
    await backOff(attempt);
  }
  return { wallets: 1, entries: 0, findings: [finding('not_checked')] };
}

/** The items must have no other attributes: a TTL attribute, for example, would delete them. */
const StoredWallet = z.strictObject({ pk: z.string(), sk: z.string(), ...Wallet.shape });
const StoredEntry = z.strictObject({ pk: z.string(), sk: z.string(), ...Entry.shape });

async function readWallet(customerId: number): Promise<Record<string, unknown> | undefined> {
  const [wallet] = await readRaw(customerPartition(customerId), walletKey(customerId).sk);
  return wallet;
}

/**
 * Reports intact entries without an intact idempotency record at both of its keys. A record is
 * written together with its entry, and read after it.
 */
async function compareRecords(customerId: number, items: Key[]): Promise<Finding[]> {
  const entries = items.flatMap((item) => intactEntry(customerId, item) ?? []);
  const stored = await readRecords(
    customerId,
    entries.flatMap(({ keyHash }) => keyHash ?? []),
  );
  return entries.flatMap(({ keyHash = '', id: entryId, hash }) => {
    const records = stored.get(keyHash) ?? [];
    const isEdited = records.some((record) => record !== undefined && !isOf(record, customerId, hash));
    return [
      ...(records.includes(undefined) ? [{ customerId, problem: 'idempotency_record_missing' as const, entryId }] : []),
      ...(isEdited ? [{ customerId, problem: 'idempotency_record_edited' as const, entryId }] : []),
    ];
  });
}

async function readRecords(customerId: number, keyHashes: string[]): Promise<Map<string, unknown[]>> {
  // Two entries may share a key if both of its records were lost, but BatchGetItem rejects
  // duplicate keys.
  const distinct = [...new Set(keyHashes)];
  const [claims, records] = await Promise.all([
    readItems(distinct.map(walletRecordKey)),
    readItems(distinct.map((keyHash) => entryRecordKey(customerId, keyHash))),
  ]);
  return new Map(distinct.map((keyHash, index) => [keyHash, [claims[index], records[index]]]));
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

/**
 * Reports records without an entry. Each entry that is missing or edited leaves one behind and is
 * reported itself, so only further records count.
 */
function findOrphans(
  customerId: number,
  entryCount: number,
  stored: { entries: readonly Key[]; records: readonly Key[] },
): Finding[] {
  const intact = stored.entries.flatMap((item) => intactEntry(customerId, item) ?? []);
  const keyHashes = new Set(intact.map(({ keyHash }) => keyHash));
  const orphans = stored.records.filter(({ sk }) => !keyHashes.has(sk.slice(entryRecordPrefix.length)));
  const lost = Math.max(0, entryCount - stored.entries.length) + stored.entries.length - intact.length;
  if (orphans.length <= lost) return [];
  return orphans.map((record) => ({
    customerId,
    problem: 'idempotency_record_edited',
    entryId: IdempotencyRecord.safeParse(record).data?.entry.id ?? null,
  }));
}

/** Returns the entry of an item if it is unchanged, and undefined otherwise. */
function intactEntry(customerId: number, item: Key): Entry | undefined {
  const entry = StoredEntry.safeParse(item).data;
  const isIntact = entry && hashEntry(customerId, entry) === entry.hash && entryKey(customerId, entry).sk === item.sk;
  return isIntact ? entry : undefined;
}

function compare(customerId: number, wallet: Wallet, items: Key[]): Finding[] {
  const findings: Finding[] = [];
  const report = (problem: Finding['problem'], entryId: number | null = null) =>
    findings.push({ customerId, problem, entryId });
  const entries: Entry[] = [];
  for (const item of items) {
    const entry = Entry.safeParse(item).data;
    if (!intactEntry(customerId, item)) report('entry_edited', entry?.id ?? Number(item.sk.split('-').at(-1)));
    if (entry) entries.push(entry);
  }
  const sum = (value: (entry: Entry) => number) => entries.reduce((all, entry) => all + value(entry), 0);
  const allIntact = findings.length === 0;
  if (items.length < wallet.entryCount) report('entry_missing');
  if (items.length > wallet.entryCount) report('entry_unknown');
  if (allIntact && items.length === wallet.entryCount && sum(readChecksum) !== wallet.checksum)
    report('entry_replaced');
  if (sum(({ amountMinor }) => amountMinor) !== wallet.balanceMinor) report('balance_differs');
  if (allIntact && entries.some(({ currency }) => currency !== wallet.currency)) report('wallet_edited');
  return findings;
}
