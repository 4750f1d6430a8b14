import * as z from 'zod';
import { id } from '../../lib/http/fields.ts';
import { internalFunction } from '../../lib/http/internalFunction.ts';
import { customerId, operatorFields } from '../../lib/operators/operatorSchema.ts';
import { restore } from '../../lib/operators/suspension.ts';

export const handler = internalFunction(
  {
    summary: 'Lift the suspension of a customer, who can then sign in again.',
    input: z.object({ customer_id: customerId, ...operatorFields }),
    returns: z.object({ customer_id: id, was_suspended: z.boolean() }),
    errors: ['customerNotFound'],
  },
  async ({ customer_id, ...operator }) => ({
    customer_id,
    was_suspended: await restore(customer_id, operator),
  }),
);
