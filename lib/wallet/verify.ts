import { customerOf, customerPartition, entryKey, entryPrefix, type Key, walletKey } from '../repositories/keys.ts';
import { readRaw, scanPartitions } from '../repositories/table.ts';
import { Entry, find, type Wallet } from '../repositories/wallets.ts';
import { checksumOf, hashOf } from './seal.ts';

export const problems = [
  'balance_differs',
  'entry_edited',
  'entry_missing',
  'entry_unknown',
  'entry_replaced',
] as const;

/** What is wrong with a wallet, and the id of the entry where that can be told. */
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

/** Walks through wallets in the order of the table, one part of it at a time; `after` goes on behind an earlier part. */
export async function verifyNext(after?: Key): Promise<Report & { next: Key | undefined }> {
  const { partitions, next } = await scanPartitions(walletKey(0).sk, after);
  const reports: Report[] = [];
  for (const partition of partitions) reports.push(await verifyWallet(customerOf(partition)));
  return { ...total(reports), next };
}

export function total(reports: readonly Report[]): Report {
  const sum = (count: (report: Report) => number) => reports.reduce((all, report) => all + count(report), 0);
  return {
    wallets: sum(({ wallets }) => wallets),
    entries: sum(({ entries }) => entries),
    findings: reports.flatMap(({ findings }) => findings),
  };
}

/** How often a wallet is looked at while money keeps moving in it. */
const attempts = 10;

/** Walks through a wallet's entries and reports every way in which they and the wallet do not agree. */
export async function verifyWallet(customerId: number): Promise<Report> {
  let wallet = await find(customerId);
  for (let attempt = 1; wallet && attempt <= attempts; attempt++) {
    const items = await readRaw(customerPartition(customerId), entryPrefix);
    const now = await find(customerId);
    if (now?.entryCount === wallet.entryCount) {
      return { wallets: 1, entries: items.length, findings: compare(customerId, wallet, items) };
    }
    wallet = now;
  }
  if (wallet) throw new Error(`The wallet of customer ${customerId} does not hold still; verify it again later.`);
  return { wallets: 0, entries: 0, findings: [] };
}

function compare(customerId: number, wallet: Wallet, items: (Key & object)[]): Finding[] {
  const entries = items.map((item) => ({ sk: item.sk, ...Entry.parse(item) }));
  const edited = entries.filter(
    ({ sk, ...entry }) => hashOf(customerId, entry) !== entry.hash || entryKey(customerId, entry).sk !== sk,
  );
  const sum = (value: (entry: Entry) => number) => entries.reduce((all, entry) => all + value(entry), 0);
  const others: Finding['problem'][] = [];
  if (entries.length < wallet.entryCount) others.push('entry_missing');
  if (entries.length > wallet.entryCount) others.push('entry_unknown');
  if (others.length + edited.length === 0 && sum(checksumOf) !== wallet.checksum) others.push('entry_replaced');
  if (sum(({ amountMinor }) => amountMinor) !== wallet.balanceMinor) others.push('balance_differs');
  return [
    ...edited.map(({ id }) => ({ customerId, problem: 'entry_edited' as const, entryId: id })),
    ...others.map((problem) => ({ customerId, problem, entryId: null })),
  ];
}
