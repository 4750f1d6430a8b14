import * as z from 'zod';
import { phoneNumber } from '../../lib/countries/phoneSchema.ts';
import { id } from '../../lib/http/fields.ts';
import { internalFunction } from '../../lib/http/internalFunction.ts';
import { assignPhone } from '../../lib/operators/assignPhone.ts';
import { customerId, operatorFields } from '../../lib/operators/operatorSchema.ts';

export const handler = internalFunction(
  {
    summary: 'Give a phone to an account without one, such as one whose phone was recycled.',
    input: z.object({ customer_id: customerId, phone_number: phoneNumber, ...operatorFields }),
    returns: z.object({ customer_id: id, phone_number: z.string() }),
    errors: ['customerNotFound'],
  },
  async ({ customer_id, phone_number: phone, ...operator }) => {
    await assignPhone(customer_id, phone, operator);
    return { customer_id, phone_number: phone.number };
  },
);
