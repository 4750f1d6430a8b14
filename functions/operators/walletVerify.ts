import * as z from 'zod';
import { internalFunction } from '../../lib/http/internalFunction.ts';
import { verifyNext, verifyWallet } from '../../lib/wallet/audit.ts';
import { problems } from '../../lib/wallet/auditEntry.ts';

const Place = z.object({ pk: z.string().min(1), sk: z.string().min(1) });

/** 0 for an idempotency record that names no customer. */
const customerId = z.int();

export const handler = internalFunction(
  {
    summary: 'Check that balances are the sums of their entries, and that no entry was edited, removed or moved.',
    input: z.object({
      customer_id: z.int().min(1).optional().describe('All wallets without it, a part of the table at a time.'),
      after: Place.nullish().describe('`next` of the part before.'),
    }),
    returns: z.object({
      wallets: z.int(),
      entries: z.int(),
      findings: z.array(z.object({ customer_id: customerId, problem: z.enum(problems), entry_id: z.int().nullable() })),
      next: Place.nullable().describe('Where to go on; null at the end.'),
    }),
    errors: ['customerNotFound'],
  },
  async ({ customer_id: id, after }) => {
    const { findings, next, ...counts } = id
      ? { ...(await verifyWallet(id)), next: undefined }
      : await verifyNext(after ?? undefined);
    const shown = findings.map(({ customerId, problem, entryId }) => ({
      customer_id: customerId,
      problem,
      entry_id: entryId,
    }));
    return { ...counts, findings: shown, next: next ?? null };
  },
);
