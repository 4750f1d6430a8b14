import * as z from 'zod';
import { nowMs } from '../clock.ts';
import type { Write } from '../table/expressions.ts';
import { newId } from '../table/ids.ts';
import { operationPrefix, operationSortKey, operatorLogPartition, operatorLogPartitionOf } from '../table/keys.ts';
import { type Page, readPage } from '../table/pagination.ts';

/** The operator functions that change something. */
export const actions = [
  'walletAdjust',
  'changeSettings',
  'notify',
  'suspendCustomer',
  'restoreCustomer',
  'endSessions',
  'unlockPhone',
  'approvePhoneChange',
  'rejectPhoneChange',
  'assignPhone',
] as const;

/**
 * A change that an operator made. Entries are immutable and outlive their customer, so they hold no
 * personal data.
 */
export const AuditEntry = z.object({
  id: z.int(),
  action: z.enum(actions),
  /** The name that the operator gave. IAM's own name of the caller does not reach a function. */
  operator: z.string().nullable(),
  reason: z.string().nullable(),
  /** Null for a change that concerns no customer, or several. */
  customerId: z.int().nullable(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
  createdAtMs: z.int(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** The operator of a change, and the reason. */
export interface Operator {
  operator?: string | undefined;
  reason?: string | undefined;
}

interface Operation extends Operator {
  action: AuditEntry['action'];
  customerId?: number | undefined;
  details?: AuditEntry['details'];
}

/**
 * Records a change that an operator makes, in the transaction of the change. The entry is in the
 * list of all changes, and in that of its customer.
 */
export function addAuditEntryWrites(operation: Operation): Write[] {
  const { action, operator = null, reason = null, customerId, details = {} } = operation;
  const entry: AuditEntry = {
    id: newId(),
    action,
    operator,
    reason,
    customerId: customerId ?? null,
    details,
    createdAtMs: nowMs(),
  };
  const partitions = [operatorLogPartition, ...(customerId === undefined ? [] : [operatorLogPartitionOf(customerId)])];
  return partitions.map((pk) => ({
    kind: 'put',
    key: { pk, sk: operationSortKey(entry) },
    item: entry,
    condition: 'attribute_not_exists(pk)',
  }));
}

/**
 * Reads a page of all entries, or of those about one customer, newest first.
 * @throws notFound for a cursor of another list
 */
export function listAuditEntries(
  customerId: number | undefined,
  page: { cursor?: string | undefined; page_size: number },
): Promise<Page<AuditEntry>> {
  const list = { pk: operatorLogPartitionOf(customerId), prefix: operationPrefix, keyOf: operationSortKey };
  return readPage(list, { cursor: page.cursor, size: page.page_size }, AuditEntry);
}
