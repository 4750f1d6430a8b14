import { again, retry } from '../backOff.ts';
import { nowMs } from '../clock.ts';
import { config } from '../config/config.ts';
import { Customer } from '../customers/customerRepository.ts';
import { ApiError, fail } from '../errors.ts';
import { addAuditEntryWrites, type Operator } from '../operators/auditLog.ts';
import { newId } from '../table/ids.ts';
import { entryRecordKey, hashKey, profileKey, walletKey, walletRecordKey } from '../table/keys.ts';
import { readAll, transact } from '../table/table.ts';
import { hashEntry, readChecksum } from './ledgerHash.ts';
import { mostMinorUnits, toDecimal } from './money.ts';
import {
  debits,
  type Entry,
  IdempotencyRecord,
  postEntryWrites,
  serializeRequest,
  Wallet,
} from './walletRepository.ts';

export interface Adjustment extends Operator {
  customerId: number;
  type: Entry['type'];
  /** Positive. The type decides whether it is a credit or a debit. */
  amountMinor: number;
  currency: string;
  reference: string;
  idempotencyKey: string;
}

const mostAttempts = 20;

/**
 * Credits or debits a wallet, once for each idempotency key: a repeated request returns the first
 * entry. The entry, the balance and the idempotency record are written in one transaction. A
 * rejection is not recorded, so the same key may be used again later.
 * @throws customerNotFound, currencyMismatch, insufficientFunds, balanceTooLarge, walletFrozen,
 * idempotencyKeyReused
 */
export async function adjust(adjustment: Adjustment): Promise<Entry> {
  try {
    return await post(adjustment);
  } catch (rejection) {
    if (!(rejection instanceof ApiError)) throw rejection;
    // BatchGetItem is not a snapshot: this request may have succeeded earlier, so look for its
    // idempotency record before failing.
    const [claim, record] = await readAll(recordsOf(adjustment));
    const first = claim ?? record;
    if (!first) throw rejection;
    return entryOf(first, adjustment);
  }
}

function recordsOf({ customerId, idempotencyKey }: Adjustment) {
  const keyHash = hashKey(idempotencyKey);
  return [
    { key: walletRecordKey(keyHash), as: IdempotencyRecord },
    { key: entryRecordKey(customerId, keyHash), as: IdempotencyRecord },
  ] as const;
}

async function post(adjustment: Adjustment): Promise<Entry> {
  const { customerId } = adjustment;
  const keyHash = hashKey(adjustment.idempotencyKey);
  let [claim, record, customer, wallet] = await readAll([
    ...recordsOf(adjustment),
    { key: profileKey(customerId), as: Customer },
    { key: walletKey(customerId), as: Wallet },
  ]);
  return retry(async () => {
    const first = claim ?? record;
    if (first) return entryOf(first, adjustment);
    if (!customer || !wallet) return fail('customerNotFound');
    const { balanceMinor: balance, currency } = wallet;
    const entry = newEntry(wallet, adjustment, keyHash);
    // A thief may have requested the change of the phone, and a parked account waits for its owner.
    if (entry.amountMinor < 0 && (customer.phoneChange || customer.parkedAtSeconds)) return fail('walletFrozen');
    // A partial fine depends on the balance, so the balance must still be the one that was read.
    const isPartial = entry.requestedMinor !== undefined;
    const least = isPartial ? balance : Math.max(0, -entry.amountMinor);
    const most = isPartial ? balance : mostMinorUnits(currency) - Math.max(0, entry.amountMinor);
    const newRecord: IdempotencyRecord = { customerId, content: serializeRequest(adjustment), entry };
    const result = await transact([
      ...postEntryWrites(keyHash, newRecord, { checksum: readChecksum(entry), least, most }),
      ...addAdjustmentAuditWrites(adjustment, entry),
    ]);
    if (result.done) return entry;
    const [claimRejected, recordRejected, profileRejected, walletRejected] = result.rejected;
    if (claimRejected) claim = IdempotencyRecord.parse(claimRejected.old);
    if (recordRejected) record = IdempotencyRecord.parse(recordRejected.old);
    if (profileRejected) customer = profileRejected.old && Customer.parse(profileRejected.old);
    if (walletRejected) wallet = walletRejected.old && Wallet.parse(walletRejected.old);
    return again;
  }, mostAttempts);
}

function addAdjustmentAuditWrites({ customerId, operator, reason }: Adjustment, entry: Entry) {
  const { id, type, reference, currency } = entry;
  const amount = toDecimal(entry.amountMinor, currency);
  const details = { entry_id: id, transaction_type: type, amount, currency, reference };
  return addAuditEntryWrites({ action: 'walletAdjust', operator, reason, customerId, details });
}

/** Returns the entry of the first request with a key, if this request has the same content. */
function entryOf({ content, entry }: IdempotencyRecord, adjustment: Adjustment): Entry {
  return content === serializeRequest(adjustment) ? entry : fail('idempotencyKeyReused');
}

function newEntry(wallet: Wallet, adjustment: Adjustment, keyHash: string): Entry {
  const { customerId, type, currency, reference } = adjustment;
  if (wallet.currency !== currency) fail('currencyMismatch');
  const amountMinor = signedAmount(wallet, adjustment);
  if (wallet.balanceMinor + amountMinor > mostMinorUnits(currency)) fail('balanceTooLarge');
  const isPartial = Math.abs(amountMinor) < adjustment.amountMinor;
  const entry = {
    id: newId(),
    type,
    amountMinor,
    currency,
    reference,
    createdAtMs: nowMs(),
    keyHash,
    ...(isPartial && { requestedMinor: adjustment.amountMinor }),
  };
  return { ...entry, hash: hashEntry(customerId, entry) };
}

function signedAmount({ balanceMinor }: Wallet, { type, amountMinor }: Adjustment): number {
  if (!debits.some((debit) => debit === type)) return amountMinor;
  const debit = type === 'FINE' && config.finesStopAtZero ? Math.min(amountMinor, balanceMinor) : amountMinor;
  if (debit === 0 || debit > balanceMinor) fail('insufficientFunds');
  return -debit;
}
