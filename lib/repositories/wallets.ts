import * as z from 'zod';
import { walletKey } from './keys.ts';
import { readAll } from './table.ts';

export const Wallet = z.object({
  /** In minor units of the currency: piastres, halalas, fils. */
  balanceMinor: z.int(),
  /** ISO 4217. */
  currency: z.string(),
  isUsedInPayment: z.boolean(),
});
export type Wallet = z.infer<typeof Wallet>;

export function emptyWallet(currency: string): Wallet {
  return { balanceMinor: 0, currency, isUsedInPayment: false };
}

export async function ofCustomer(customerId: number): Promise<Wallet> {
  const [wallet] = await readAll([{ key: walletKey(customerId), as: Wallet }]);
  if (!wallet) throw new Error(`Customer ${customerId} has no wallet.`);
  return wallet;
}
