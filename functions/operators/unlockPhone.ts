import * as z from 'zod';
import { phoneNumber } from '../../lib/countries/phoneSchema.ts';
import { id } from '../../lib/http/fields.ts';
import { internalFunction } from '../../lib/http/internalFunction.ts';
import { operatorFields } from '../../lib/operators/operatorSchema.ts';
import { unlockPhone } from '../../lib/operators/unlockPhone.ts';

export const handler = internalFunction(
  {
    summary: 'Clear the limits of a phone’s codes, so that its owner can request and enter one again.',
    input: z.object({ phone_number: phoneNumber, ...operatorFields }),
    returns: z.object({
      phone_number: z.string(),
      customer_id: id.nullable().describe('The customer who has verified the phone, or null.'),
    }),
  },
  async ({ phone_number: phone, ...operator }) => ({
    phone_number: phone.number,
    customer_id: (await unlockPhone(phone, operator)) ?? null,
  }),
);
