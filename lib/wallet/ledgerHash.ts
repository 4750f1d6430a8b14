import { createHash } from 'node:crypto';
import type { Entry } from './walletRepository.ts';

/**
 * Returns the hash of an entry: of all its fields and of its customer. A wallet keeps the sum of
 * its entries' checksums. So an audit detects an entry that was edited, deleted, inserted or moved
 * to another wallet.
 */
export function hashEntry(customerId: number, entry: Omit<Entry, 'hash'>): string {
  const { id, type, amountMinor, currency, reference, createdAtMs, keyHash, requestedMinor } = entry;
  // Entries of earlier versions have no key and keep their hashes.
  const key = keyHash === undefined ? [] : [keyHash];
  const requested = requestedMinor === undefined ? [] : [requestedMinor];
  const content = [customerId, id, type, amountMinor, currency, reference, createdAtMs, ...key, ...requested];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** Returns the first 32 bits of a hash. Two million of them add up exactly. */
export function readChecksum({ hash }: Pick<Entry, 'hash'>): number {
  return Number.parseInt(hash.slice(0, 8), 16);
}
