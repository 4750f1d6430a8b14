import { internalFunction } from '../../lib/http/internalFunction.ts';
import { adjust } from '../../lib/wallet/adjust.ts';
import { LedgerEntry, showEntry, WalletAdjustment } from '../../lib/wallet/adjustmentSchema.ts';

export const handler = internalFunction(
  {
    summary: "Credit or debit a customer's wallet, once for each idempotency key.",
    input: WalletAdjustment,
    returns: LedgerEntry,
    errors: [
      'customerNotFound',
      'currencyMismatch',
      'insufficientFunds',
      'balanceTooLarge',
      'walletFrozen',
      'idempotencyKeyReused',
    ],
  },
  async (wanted) => showEntry(await adjust(wanted)),
);
