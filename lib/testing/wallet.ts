import { randomUUID } from 'node:crypto';
import { verifyWallet } from '../wallet/audit.ts';
import { invoke } from './invoke.ts';

/** An adjustment as operators ask for it, with a key of its own unless one is given. */
export function adjustWallet(customerId: number, wanted: Record<string, unknown> = {}) {
  return invoke('walletAdjust', {
    customer_id: customerId,
    transaction_type: 'CHARGING',
    amount: '100.00',
    currency: 'EGP',
    reference: 'test',
    idempotency_key: randomUUID(),
    ...wanted,
  });
}

/** The code of a refusal, or undefined of an entry. */
export const codeOf = (answer: { errors?: { code: string }[] }) => answer.errors?.[0]?.code;

/** What must hold after any story: entries without a gap, unbroken, that add up to a balance of zero or more. */
export async function expectSound(customerId: number, items: Record<string, unknown>[]): Promise<void> {
  const { findings } = await verifyWallet(customerId);
  expect(findings).toEqual([]);
  const own = items.filter(({ pk }) => pk === `CUSTOMER#${customerId}`);
  const wallet = own.find(({ sk }) => sk === 'WALLET');
  const entries = own.filter(({ sk }) => String(sk).startsWith('ENTRY#'));
  expect(wallet?.balanceMinor).toBeGreaterThanOrEqual(0);
  expect(entries.reduce((sum, { amountMinor }) => sum + Number(amountMinor), 0)).toBe(wallet?.balanceMinor);
}
