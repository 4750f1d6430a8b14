import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { envelope } from '../../lib/http/errorFormats.ts';
import { AvailabilityQuery, oneIdentifierErrors } from '../../lib/passwords/accountSchema.ts';
import { requireAvailable } from '../../lib/passwords/availability.ts';

export const handler = endpoint(
  {
    operationId: 'availability',
    tag: 'password',
    summary: 'Check whether an e-mail address or a phone is available.',
    description: 'Send one of the two. A phone is available if no account has it, verified or not.',
    errorFormat: envelope,
    query: AvailabilityQuery,
    returns: {
      200: z
        .object({ available: z.literal(true).describe('Always true. A value that is taken is 423.') })
        .meta({ id: 'Availability', description: 'The e-mail address or the phone is free.' }),
    },
    fieldErrors: [...oneIdentifierErrors, { attr: 'email', code: 'unique' }, { attr: 'phone', code: 'unique' }],
  },
  async ({ query, clientIp }) => {
    await requireAvailable(query, clientIp);
    return { available: true as const };
  },
);
