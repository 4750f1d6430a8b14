import * as z from 'zod';
import { fail } from '../errors.ts';
import type { Write } from '../table/expressions.ts';
import {
  customerPartition,
  entryKey,
  entryPrefix,
  entryRecordKey,
  profileKey,
  walletClaimKey,
  walletKey,
} from '../table/keys.ts';
import { type Page, readPage } from '../table/pagination.ts';
import { readAll, write } from '../table/table.ts';

export const Wallet = z.object({
  /** In minor units of the currency: piastres, halalas, fils. */
  balanceMinor: z.int(),
  /** ISO 4217. */
  currency: z.string(),
  isUsedInPayment: z.boolean(),
  /** How many entries there are, and what their checksums add up to. */
  entryCount: z.int().default(0),
  checksum: z.int().default(0),
});
export type Wallet = z.infer<typeof Wallet>;

/** What puts money into a wallet, and what takes it out. */
export const credits = ['REFUND', 'CHARGING', 'CANCEL_ORDER', 'CASH_RECEIVE'] as const;
export const debits = ['FINE', 'PAYOUT', 'ORDER_PAYMENT', 'SHARE'] as const;
export const transactionTypes = [...credits, ...debits] as const;

/** A change of a balance. It is never changed itself. */
export const Entry = z.object({
  id: z.int(),
  type: z.enum(transactionTypes),
  /** Negative for a debit. */
  amountMinor: z.int(),
  currency: z.string(),
  /** What it is about in the operators' own books; names nobody. */
  reference: z.string(),
  createdAtMs: z.int(),
  /** Of the request's idempotency key. Entries of earlier versions have none. */
  keyHash: z.string().optional(),
  /** Of all the above and of whose it is. */
  hash: z.string(),
});
export type Entry = z.infer<typeof Entry>;

/**
 * Idempotency record: the request that first used a key, and its entry. It is stored twice, under
 * the key alone and beside the entry, so that the loss of one does not let a request be booked
 * again.
 */
export const IdempotencyRecord = z.object({ customerId: z.int(), content: z.string(), entry: Entry });
export type IdempotencyRecord = z.infer<typeof IdempotencyRecord>;

export function makeEmptyWallet(currency: string): Wallet {
  return { balanceMinor: 0, currency, isUsedInPayment: false, entryCount: 0, checksum: 0 };
}

export async function findByCustomer(customerId: number): Promise<Wallet> {
  const wallet = await find(customerId);
  if (!wallet) throw new Error(`Customer ${customerId} has no wallet.`);
  return wallet;
}

/** A wallet, which stays when its customer is erased. */
export async function find(customerId: number): Promise<Wallet | undefined> {
  const [wallet] = await readAll([{ key: walletKey(customerId), as: Wallet }]);
  return wallet;
}

/** @throws authenticationFailed if the customer is gone */
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
 * The writes of a new entry: all refused when the key has been used, the customer is gone, or the
 * balance is not in these bounds. The balance moves by the amount, whatever else moves it in the
 * meantime.
 */
export function postEntryWrites(
  keyHash: string,
  { customerId, content, entry }: IdempotencyRecord,
  { checksum, least, most }: { checksum: number; least: number; most: number },
): Write[] {
  const item = { customerId, content, entry } satisfies IdempotencyRecord;
  const isNew = 'attribute_not_exists(pk)';
  return [
    { kind: 'put', key: walletClaimKey(keyHash), item, condition: isNew },
    { kind: 'put', key: entryRecordKey(customerId, keyHash), item, condition: isNew },
    { kind: 'check', key: profileKey(customerId), condition: 'attribute_exists(pk)' },
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

/** @throws notFound for a cursor that is not of this wallet */
export function listEntries(
  customerId: number,
  page: { cursor?: string | undefined; page_size: number },
): Promise<Page<Entry>> {
  const keyOf = (entry: Entry) => entryKey(customerId, entry).sk;
  const list = { pk: customerPartition(customerId), prefix: entryPrefix, keyOf };
  return readPage(list, { cursor: page.cursor, size: page.page_size }, Entry);
}
