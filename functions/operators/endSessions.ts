import * as z from 'zod';
import { id } from '../../lib/http/fields.ts';
import { internalFunction } from '../../lib/http/internalFunction.ts';
import { customerId, operatorFields } from '../../lib/operators/operatorSchema.ts';
import { revokeAllSessions } from '../../lib/operators/sessions.ts';

export const handler = internalFunction(
  {
    summary: 'End every session of a customer and stop pushes to all their devices.',
    input: z.object({ customer_id: customerId, ...operatorFields }),
    returns: z.object({ customer_id: id, sessions_ended: z.int() }),
    errors: ['customerNotFound'],
  },
  async ({ customer_id, ...operator }) => ({
    customer_id,
    sessions_ended: await revokeAllSessions(customer_id, { action: 'endSessions', ...operator }),
  }),
);
