import * as z from 'zod';
import { signedInWithWallet } from '../../lib/auth/signedIn.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import * as wallets from '../../lib/repositories/wallets.ts';
import { PageQuery, pageOf, showPage } from '../../lib/schemas/page.ts';
import { showWallet, Wallet } from '../../lib/schemas/wallet.ts';
import { showTransaction, WalletTransaction } from '../../lib/schemas/walletTransaction.ts';

export const handler = endpoint(
  {
    operationId: 'listWalletDetails',
    tag: 'wallet',
    summary: "The signed-in customer's balance and transactions, the newest first.",
    description: '`wallet` is null when a `cursor` is given.',
    auth: signedInWithWallet,
    query: PageQuery,
    returns: {
      200: z.object({
        wallet: Wallet.nullable(),
        wallet_transactions: pageOf(WalletTransaction).meta({
          id: 'WalletTransactionPage',
          description: 'A page of transactions.',
        }),
      }),
    },
    errors: ['notFound'],
  },
  async ({ customer, wallet, query, language, url }) => {
    const page = await wallets.entriesOf(customer.id, query);
    return {
      wallet: query.cursor === undefined ? showWallet(wallet) : null,
      wallet_transactions: showPage(url, query, page, (entry) => showTransaction(entry, language)),
    };
  },
);
