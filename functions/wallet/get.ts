import * as z from 'zod';
import { signedIn } from '../../lib/auth/signedIn.ts';
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
    auth: signedIn,
    query: PageQuery,
    returns: { 200: z.object({ wallet: Wallet.nullable(), wallet_transactions: pageOf(WalletTransaction) }) },
    errors: ['notFound'],
  },
  async ({ customer, query, language, url }) => {
    const [wallet, page] = await Promise.all([
      query.cursor === undefined ? wallets.ofCustomer(customer.id) : null,
      wallets.entriesOf(customer.id, query),
    ]);
    return {
      wallet: wallet && showWallet(wallet),
      wallet_transactions: showPage(url, query, page, (entry) => showTransaction(entry, language)),
    };
  },
);
