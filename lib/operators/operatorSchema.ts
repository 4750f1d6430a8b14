import * as z from 'zod';
import { id, text } from '../http/fields.ts';
import { type AuditEntry as Stored, AuditEntry as StoredEntry } from './auditLog.ts';

const operator = text({ max: 100 }).describe('Who makes the change.');
const reason = text({ max: 500 }).describe(
  'Why, for the audit log. It stays when a customer is erased, so it names no person.',
);

/** Fields of every function that changes something. */
export const operatorFields = { operator, reason };

/** The same for functions that were published without them. */
export const optionalOperatorFields = { operator: operator.optional(), reason: reason.optional() };

export const customerId = id.describe('The id of the customer.');

export const AuditEntry = z.object({
  id,
  action: StoredEntry.shape.action,
  operator: z.string().nullable(),
  reason: z.string().nullable(),
  customer_id: id.nullable(),
  details: StoredEntry.shape.details,
  created_at: z.iso.datetime(),
});

export function showAuditEntry({ customerId, createdAtMs, ...entry }: Stored): z.input<typeof AuditEntry> {
  return { ...entry, customer_id: customerId, created_at: new Date(createdAtMs).toISOString() };
}
