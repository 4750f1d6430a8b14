import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { link, PageQuery } from '../../lib/http/pageSchema.ts';
import { exportPersonalData } from '../../lib/privacy/personalData.ts';
import { signedIn } from '../../lib/sessions/authenticate.ts';

export const handler = endpoint(
  {
    operationId: 'exportCustomer',
    tag: 'customers',
    summary: 'Everything we hold about the signed-in customer.',
    description:
      'One answer holds it all, unless it is more than 5 MB: then `next` leads to the rest, in which kinds that have one entry are null.',
    auth: signedIn,
    query: PageQuery.pick({ cursor: true }),
    returns: { 200: z.looseObject({ next: link.describe('The rest, where one answer cannot hold all.') }) },
    errors: ['notFound'],
  },
  async ({ customer, session, query, url }) => {
    const { data, cursor } = await exportPersonalData({ customer, session }, query.cursor);
    return { ...data, next: cursor && `${url}?${new URLSearchParams({ cursor })}` };
  },
);
