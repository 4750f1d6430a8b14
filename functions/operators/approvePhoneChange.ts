import * as z from 'zod';
import { id } from '../../lib/http/fields.ts';
import { internalFunction } from '../../lib/http/internalFunction.ts';
import { customerId, operatorFields } from '../../lib/operators/operatorSchema.ts';
import { approve } from '../../lib/operators/phoneChanges.ts';

export const handler = internalFunction(
  {
    summary: 'Make the waiting change of a customer’s phone at once.',
    input: z.object({ customer_id: customerId, ...operatorFields }),
    returns: z.object({ customer_id: id, phone_number: z.string() }),
    errors: ['customerNotFound', 'notFound'],
  },
  async ({ customer_id, ...operator }) => ({
    customer_id,
    phone_number: (await approve(customer_id, operator)).phoneNumber,
  }),
);
