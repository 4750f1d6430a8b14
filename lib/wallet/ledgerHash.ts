import { createHash } from 'node:crypto';
import type { Entry } from './walletRepository.ts';

/**
 * The hash of an entry: of all it says and of whose it is. A wallet keeps the sum of its entries'
 * checksums, so that none can be edited, removed, moved to another wallet or put in between without
 * its showing.
 */
export function hashEntry(customerId: number, entry: Omit<Entry, 'hash'>): string {
  const { id, type, amountMinor, currency, reference, createdAtMs, keyHash } = entry;
  // Entries of earlier versions have no key and keep their hashes.
  const key = keyHash === undefined ? [] : [keyHash];
  const content = [customerId, id, type, amountMinor, currency, reference, createdAtMs, ...key];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** The first 32 bits of a hash: two million of them add up exactly. */
export function readChecksum({ hash }: Pick<Entry, 'hash'>): number {
  return Number.parseInt(hash.slice(0, 8), 16);
}
