import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { PageQuery, readPageQuery, showPage } from '../../lib/http/pageSchema.ts';
import { signedInWithWallet } from '../../lib/sessions/authenticators.ts';
import { showTransaction, WalletTransaction } from '../../lib/wallet/transactionSchema.ts';
import * as wallets from '../../lib/wallet/walletRepository.ts';
import { showWallet, Wallet } from '../../lib/wallet/walletSchema.ts';

export const handler = endpoint(
  {
    operationId: 'listWalletDetails',
    tag: 'wallet',
    summary: "Get the customer's balance and transactions, the newest first.",
    description: '`wallet` is null if the request has a `cursor`.',
    auth: signedInWithWallet,
    query: PageQuery,
    returns: {
      200: z.object({
        wallet: Wallet.nullable(),
        wallet_transactions: readPageQuery(WalletTransaction).meta({
          id: 'WalletTransactionPage',
          description: 'A page of transactions.',
        }),
      }),
    },
    errors: ['notFound'],
  },
  async ({ customer, wallet, query, language, url }) => {
    const page = await wallets.listEntries(customer.id, query);
    return {
      wallet: query.cursor === undefined ? showWallet(wallet) : null,
      wallet_transactions: showPage(url, query, page, (entry) => showTransaction(entry, language)),
    };
  },
);
