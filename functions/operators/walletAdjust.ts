import { internalFunction } from '../../lib/http/internalFunction.ts';
import { adjust } from '../../lib/wallet/adjust.ts';
import { LedgerEntry, showEntry, WalletAdjustment } from '../../lib/wallet/adjustmentSchema.ts';

export const handler = internalFunction(
  {
    summary: "Put money into a customer's wallet or take it out, once for each idempotency key.",
    input: WalletAdjustment,
    returns: LedgerEntry,
    errors: ['customerNotFound', 'currencyMismatch', 'insufficientFunds', 'balanceTooLarge', 'idempotencyKeyReused'],
  },
  async (wanted) => showEntry(await adjust(wanted)),
);
