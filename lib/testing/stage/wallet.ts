import { randomUUID } from 'node:crypto';
import { verifyWallet } from '../../wallet/audit.ts';
import { invoke } from './invoke.ts';

/** Adjusts a wallet as operators do. Every call has a new idempotency key by default. */
export function adjustWallet(customerId: number, changes: Record<string, unknown> = {}) {
  return invoke('walletAdjust', {
    customer_id: customerId,
    transaction_type: 'CHARGING',
    amount: '100.00',
    currency: 'EGP',
    reference: 'test',
    idempotency_key: randomUUID(),
    ...changes,
  });
}

export const codeOf = (response: { errors?: { code: string }[] }) => response.errors?.[0]?.code;

/**
 * Checks the ledger: entries have no gap, their hashes match, and their sum is the balance, which
 * is never negative.
 */
export async function expectSound(customerId: number, items: Record<string, unknown>[]): Promise<void> {
  const { findings } = await verifyWallet(customerId);
  expect(findings).toEqual([]);
  const customerItems = items.filter(({ pk }) => pk === `CUSTOMER#${customerId}`);
  const wallet = customerItems.find(({ sk }) => sk === 'WALLET');
  const entries = customerItems.filter(({ sk }) => String(sk).startsWith('ENTRY#'));
  expect(wallet?.balanceMinor).toBeGreaterThanOrEqual(0);
  expect(entries.reduce((sum, { amountMinor }) => sum + Number(amountMinor), 0)).toBe(wallet?.balanceMinor);
}
