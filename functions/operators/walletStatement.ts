import * as z from 'zod';
import { fail } from '../../lib/errors.ts';
import { internalFunction } from '../../lib/http/internalFunction.ts';
import { PageQuery } from '../../lib/http/pageSchema.ts';
import { LedgerEntry, showEntry } from '../../lib/wallet/adjustmentSchema.ts';
import * as wallets from '../../lib/wallet/walletRepository.ts';
import { showWallet, Wallet } from '../../lib/wallet/walletSchema.ts';

export const handler = internalFunction(
  {
    summary: 'Get a wallet and its entries, the newest first. Works for erased customers too.',
    input: PageQuery.extend({ customer_id: z.int().min(1) }),
    returns: z.object({
      wallet: Wallet,
      next: z.string().nullable().describe('The cursor of older entries.'),
      previous: z.string().nullable().describe('The cursor of newer entries.'),
      results: z.array(LedgerEntry),
    }),
    errors: ['customerNotFound', 'notFound'],
  },
  async ({ customer_id, ...query }) => {
    const wallet = (await wallets.find(customer_id)) ?? fail('customerNotFound');
    const { next, previous, items } = await wallets.listEntries(customer_id, query);
    return { wallet: showWallet(wallet), next, previous, results: items.map(showEntry) };
  },
);
