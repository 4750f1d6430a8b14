import { operation } from '../../lib/operation.ts';
import { LedgerEntry, showEntry, WalletAdjustment } from '../../lib/schemas/walletAdjustment.ts';
import { adjust } from '../../lib/wallet/adjust.ts';

export const handler = operation(
  {
    summary: "Put money into a customer's wallet or take it out, once for each idempotency key.",
    input: WalletAdjustment,
    returns: LedgerEntry,
    errors: ['customerNotFound', 'currencyMismatch', 'insufficientFunds', 'balanceTooLarge', 'idempotencyKeyReused'],
  },
  async (wanted) => showEntry(await adjust(wanted)),
);
