import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import type { Write } from '../table/expressions.ts';
import { newId } from '../table/ids.ts';
import { pendingEmailKey, profileKey } from '../table/keys.ts';
import { readAll, transact, write } from '../table/table.ts';

/** The e-mail address that a customer has to verify with the OTP that was sent to it. */
export const PendingEmail = z.object({ id: z.int(), email: z.string(), expiresAtSeconds: z.int() });
export type PendingEmail = z.infer<typeof PendingEmail>;

export async function findPendingEmail(customerId: number): Promise<PendingEmail | undefined> {
  const [pending] = await readAll([{ key: pendingEmailKey(customerId), as: PendingEmail }]);
  return pending;
}

/**
 * Stores the pending address of a customer, for as long as an OTP is valid. It replaces `previous`.
 * @returns how to restore `previous`
 * @throws authenticationFailed if the customer has been deleted
 */
export async function storePendingEmail(
  customerId: number,
  email: string,
  previous: PendingEmail | undefined,
): Promise<() => Promise<unknown>> {
  const key = pendingEmailKey(customerId);
  const item = { id: newId(), email, expiresAtSeconds: nowSeconds() + config.otpSeconds } satisfies PendingEmail;
  const { done } = await transact([
    { kind: 'put', key, item },
    { kind: 'check', key: profileKey(customerId), condition: 'attribute_exists(pk)' },
  ]);
  if (!done) return fail('authenticationFailed');
  const unchanged = { key, condition: '#id = :id', values: { ':id': item.id } };
  return () => write(previous ? { kind: 'put', item: previous, ...unchanged } : { kind: 'delete', ...unchanged });
}

/** Transaction write: delete a pending address. It fails if another one has replaced it. */
export function deletePendingEmailWrite(customerId: number, { id }: PendingEmail): Write {
  return { kind: 'delete', key: pendingEmailKey(customerId), condition: '#id = :id', values: { ':id': id } };
}
