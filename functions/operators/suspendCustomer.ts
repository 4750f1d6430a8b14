import * as z from 'zod';
import { id } from '../../lib/http/fields.ts';
import { internalFunction } from '../../lib/http/internalFunction.ts';
import { SuspensionRequest, suspend } from '../../lib/operators/suspension.ts';

export const handler = internalFunction(
  {
    summary: 'Suspend a customer: end all sessions and reject every sign-in. Replaces an earlier suspension.',
    input: SuspensionRequest,
    returns: z.object({ customer_id: id, sessions_ended: z.int() }),
    errors: ['customerNotFound'],
  },
  async ({ customer_id, until, message, operator, reason }) => ({
    customer_id,
    sessions_ended: await suspend(customer_id, { operator, reason, message, endsAtSeconds: until }),
  }),
);
