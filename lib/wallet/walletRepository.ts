import * as z from 'zod';
import { whileNotFrozen } from '../customers/phoneChange.ts';
import { fail } from '../errors.ts';
import type { Write } from '../table/expressions.ts';
import {
  customerPartition,
  entryKey,
  entryPrefix,
  entryRecordKey,
  profileKey,
  walletKey,
  walletRecordKey,
} from '../table/keys.ts';
import { type Page, readPage } from '../table/pagination.ts';
import { readAll, write } from '../table/table.ts';

export const Wallet = z.object({
  /** In minor units of the currency: piastres, halalas, fils. */
  balanceMinor: z.int(),
  /** ISO 4217. */
  currency: z.string(),
  isUsedInPayment: z.boolean(),
  /** The number of entries, and the sum of their checksums. */
  entryCount: z.int().default(0),
  checksum: z.int().default(0),
});
export type Wallet = z.infer<typeof Wallet>;

/** The types that add money to a wallet, and those that take money out. */
const credits = ['REFUND', 'CHARGING', 'CANCEL_ORDER', 'CASH_RECEIVE'] as const;
export const debits = ['FINE', 'PAYOUT', 'ORDER_PAYMENT', 'SHARE'] as const;
export const transactionTypes = [...credits, ...debits] as const;

/** A change of a balance. Entries are immutable. */
export const Entry = z.object({
  id: z.int(),
  type: z.enum(transactionTypes),
  /** Negative for a debit. */
  amountMinor: z.int(),
  currency: z.string(),
  /** A reference to the operators' own books. It must not identify a person. */
  reference: z.string(),
  createdAtMs: z.int(),
  /** The hash of the request's idempotency key. Entries of earlier versions have none. */
  keyHash: z.string().optional(),
  /** The amount of the request, if a fine took less because it stopped at an empty wallet. */
  requestedMinor: z.int().optional(),
  /** The hash of all fields above and of the customer. */
  hash: z.string(),
});
export type Entry = z.infer<typeof Entry>;

/**
 * Idempotency record: the request that first used a key, and its entry. It is stored twice, under
 * the key alone and beside the entry. So the loss of one copy does not let a request be booked
 * again.
 */
export const IdempotencyRecord = z.object({ customerId: z.int(), content: z.string(), entry: Entry });
export type IdempotencyRecord = z.infer<typeof IdempotencyRecord>;

/** Returns the content of an idempotency record. A repeated request must have the same one. */
export function serializeRequest(request: {
  customerId: number;
  type: Entry['type'];
  /** Positive. */
  amountMinor: number;
  currency: string;
  reference: string;
}): string {
  const { customerId, type, amountMinor, currency, reference } = request;
  return JSON.stringify([customerId, type, amountMinor, currency, reference]);
}

export function makeEmptyWallet(currency: string): Wallet {
  return { balanceMinor: 0, currency, isUsedInPayment: false, entryCount: 0, checksum: 0 };
}

export async function findByCustomer(customerId: number): Promise<Wallet> {
  const wallet = await find(customerId);
  if (!wallet) throw new Error(`Customer ${customerId} has no wallet.`);
  return wallet;
}

/** Returns a wallet. It survives the erasure of its customer. */
export async function find(customerId: number): Promise<Wallet | undefined> {
  const [wallet] = await readAll([{ key: walletKey(customerId), as: Wallet }]);
  return wallet;
}

/** @throws authenticationFailed if the customer has been deleted */
export async function setUsedInPayment(customerId: number, isUsedInPayment: boolean): Promise<Wallet> {
  const { done, old } = await write({
    kind: 'update',
    key: walletKey(customerId),
    expression: 'SET #isUsedInPayment = :value',
    condition: 'attribute_exists(pk)',
    values: { ':value': isUsedInPayment },
  });
  return done ? { ...Wallet.parse(old), isUsedInPayment } : fail('authenticationFailed');
}

/**
 * Posts a new entry. The writes fail if the key has been used, the customer has been deleted, the
 * balance is out of bounds, or money would leave a frozen wallet. The update adds to the balance,
 * so parallel changes are not lost.
 */
export function postEntryWrites(
  keyHash: string,
  { customerId, content, entry }: IdempotencyRecord,
  { checksum, least, most }: { checksum: number; least: number; most: number },
): Write[] {
  const item = { customerId, content, entry } satisfies IdempotencyRecord;
  const isNew = 'attribute_not_exists(pk)';
  return [
    { kind: 'put', key: walletRecordKey(keyHash), item, condition: isNew },
    { kind: 'put', key: entryRecordKey(customerId, keyHash), item, condition: isNew },
    {
      kind: 'check',
      key: profileKey(customerId),
      condition:
        entry.amountMinor < 0 ? `attribute_exists(pk) AND ${whileNotFrozen.condition}` : 'attribute_exists(pk)',
      values: whileNotFrozen.values,
    },
    {
      kind: 'update',
      key: walletKey(customerId),
      expression:
        'SET #balanceMinor = #balanceMinor + :amount, #entryCount = if_not_exists(#entryCount, :none) + :one, #checksum = if_not_exists(#checksum, :none) + :checksum',
      condition: '#currency = :currency AND #balanceMinor BETWEEN :least AND :most',
      values: {
        ':amount': entry.amountMinor,
        ':none': 0,
        ':one': 1,
        ':checksum': checksum,
        ':currency': entry.currency,
        ':least': least,
        ':most': most,
      },
    },
    { kind: 'put', key: entryKey(customerId, entry), item: entry, condition: isNew },
  ];
}

/** @throws notFound for a cursor of another wallet */
export function listEntries(
  customerId: number,
  page: { cursor?: string | undefined; page_size: number },
): Promise<Page<Entry>> {
  const keyOf = (entry: Entry) => entryKey(customerId, entry).sk;
  const list = { pk: customerPartition(customerId), prefix: entryPrefix, keyOf };
  return readPage(list, { cursor: page.cursor, size: page.page_size }, Entry);
}
