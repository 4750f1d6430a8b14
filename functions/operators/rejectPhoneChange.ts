import * as z from 'zod';
import { id } from '../../lib/http/fields.ts';
import { internalFunction } from '../../lib/http/internalFunction.ts';
import { customerId, operatorFields } from '../../lib/operators/operatorSchema.ts';
import { reject } from '../../lib/operators/phoneChanges.ts';

export const handler = internalFunction(
  {
    summary: 'Drop the waiting change of a customer’s phone.',
    input: z.object({ customer_id: customerId, ...operatorFields }),
    returns: z.object({ customer_id: id }),
    errors: ['customerNotFound', 'notFound'],
  },
  async ({ customer_id, ...operator }) => {
    await reject(customer_id, operator);
    return { customer_id };
  },
);
