import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';
import * as wallets from '../../lib/wallet/walletRepository.ts';
import { showWallet, Wallet } from '../../lib/wallet/walletSchema.ts';

export const handler = endpoint(
  {
    operationId: 'updateWallet',
    tag: 'wallet',
    summary: 'Turn paying by wallet on or off.',
    description: 'Only operators change the balance.',
    auth: signedIn,
    body: z.object({ is_use_wallet_in_payment: z.boolean().optional().describe('Whether payments use the wallet.') }),
    returns: { 200: Wallet },
  },
  async ({ customer, body: { is_use_wallet_in_payment: wanted } }) => {
    const wallet = await (wanted === undefined
      ? wallets.findByCustomer(customer.id)
      : wallets.setUsedInPayment(customer.id, wanted));
    return showWallet(wallet);
  },
);
