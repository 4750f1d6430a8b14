import * as z from 'zod';
import { isoTime, nowSeconds } from '../clock.ts';
import { whileNotSuspended } from '../customers/suspension.ts';
import { fail } from '../errors.ts';
import { code, text } from '../http/fields.ts';
import type { Texts } from '../languages.ts';
import { profileKey } from '../table/keys.ts';
import { transact } from '../table/table.ts';
import { addAuditEntryWrites, type Operator } from './auditLog.ts';
import { customerId, operatorFields } from './operatorSchema.ts';
import { revokeAllSessions } from './sessions.ts';

const message = text({ max: 500 });

export const SuspensionRequest = z.object({
  customer_id: customerId,
  ...operatorFields,
  message: z
    .object({ en: message, ar: message })
    .optional()
    .describe('What the customer reads at a sign-in, instead of the standard text.'),
  until: z.iso
    .datetime({ offset: true })
    .transform((time) => Math.floor(Date.parse(time) / 1000))
    .refine((endsAtSeconds) => endsAtSeconds > nowSeconds(), code('invalid'))
    .optional()
    .describe('When the suspension ends by itself. Without it, restoreCustomer ends it.'),
});

interface Suspension extends Operator {
  message: Texts | undefined;
  endsAtSeconds: number | undefined;
}

/**
 * Suspends a customer and revokes all their sessions, in one transaction. An earlier suspension is
 * replaced.
 * @returns the number of revoked sessions
 * @throws customerNotFound
 */
export async function suspend(id: number, { message, endsAtSeconds, ...operator }: Suspension): Promise<number> {
  const fields = {
    suspendedAtSeconds: nowSeconds(),
    suspensionEndsAtSeconds: endsAtSeconds ?? null,
    suspensionMessage: message ?? null,
  };
  const details = { until: endsAtSeconds === undefined ? null : isoTime(endsAtSeconds) };
  return revokeAllSessions(id, { action: 'suspendCustomer', ...operator, details, fields });
}

/**
 * Lifts a suspension. The sessions that it revoked stay revoked.
 * @returns whether the customer was suspended
 * @throws customerNotFound
 */
export async function restore(id: number, operator: Operator): Promise<boolean> {
  const allowed = whileNotSuspended();
  const result = await transact([
    {
      kind: 'update',
      key: profileKey(id),
      expression: 'SET #suspendedAtSeconds = :none, #suspensionEndsAtSeconds = :none, #suspensionMessage = :none',
      condition: `NOT ${allowed.condition}`,
      values: { ...allowed.values, ':none': null },
    },
    ...addAuditEntryWrites({ action: 'restoreCustomer', ...operator, customerId: id }),
  ]);
  if (!result.done && !result.rejected[0]?.old) fail('customerNotFound');
  return result.done;
}
