import pMap from 'p-map';
import * as z from 'zod';
import { backOff } from '../backOff.ts';
import { fail } from '../errors.ts';
import { scanKeys } from '../table/batch.ts';
import {
  customerPartition,
  entryPrefix,
  entryRecordPrefix,
  type Key,
  readCustomerId,
  walletKey,
} from '../table/keys.ts';
import { readRaw } from '../table/table.ts';
import { type Finding, intactEntry } from './auditEntry.ts';
import { claimSortKey, compareRecords, findOrphanClaims, findOrphans } from './auditRecords.ts';
import { readChecksum } from './ledgerHash.ts';
import { Entry, Wallet } from './walletRepository.ts';

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
  const keys = scanned.filter(({ sk }) => sk !== claimSortKey);
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
  const orphans = await findOrphanClaims(scanned);
  return { ...total([...reports.flat(), { wallets: 0, entries: 0, findings: orphans }]), next };
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
      const ofRecords = await compareRecords(customerId, { entries, records });
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

async function readWallet(customerId: number): Promise<Record<string, unknown> | undefined> {
  const [wallet] = await readRaw(customerPartition(customerId), walletKey(customerId).sk);
  return wallet;
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
