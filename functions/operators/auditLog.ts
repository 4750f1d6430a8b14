import * as z from 'zod';
import { internalFunction } from '../../lib/http/internalFunction.ts';
import { PageQuery } from '../../lib/http/pageSchema.ts';
import { listAuditEntries } from '../../lib/operators/auditLog.ts';
import { AuditEntry, customerId, showAuditEntry } from '../../lib/operators/operatorSchema.ts';

export const handler = internalFunction(
  {
    summary: 'List the changes that operators made, newest first: all, or those to one customer, erased or not.',
    input: PageQuery.extend({ customer_id: customerId.optional() }),
    returns: z.object({
      next: z.string().nullable().describe('The cursor of older entries.'),
      previous: z.string().nullable().describe('The cursor of newer entries.'),
      results: z.array(AuditEntry),
    }),
    errors: ['notFound'],
  },
  async ({ customer_id, ...query }) => {
    const { next, previous, items } = await listAuditEntries(customer_id, query);
    return { next, previous, results: items.map(showAuditEntry) };
  },
);
