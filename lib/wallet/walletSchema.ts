import * as z from 'zod';
import { toDecimal } from './money.ts';
import type * as wallets from './walletRepository.ts';

export const Wallet = z
  .object({
    balance: z.string().describe('Decimal, with the number of decimals of the currency.'),
    balance_currency: z.string().length(3).describe('ISO 4217.'),
    is_use_wallet_in_payment: z.boolean().describe('Whether payments use the wallet.'),
  })
  .meta({ id: 'Wallet', description: 'The balance of the customer.' });
export type Wallet = z.infer<typeof Wallet>;

export function showWallet({ balanceMinor, currency, isUsedInPayment }: wallets.Wallet): Wallet {
  return {
    balance: toDecimal(balanceMinor, currency),
    balance_currency: currency,
    is_use_wallet_in_payment: isUsedInPayment,
  };
}
