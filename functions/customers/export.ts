import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import { link, PageQuery } from '../../lib/http/pageSchema.ts';
import { exportPersonalData } from '../../lib/privacy/personalData.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'exportCustomer',
    tag: 'customers',
    summary: 'Export all data about the signed-in customer.',
    description:
      'Up to 5 MB come in one response. Otherwise `next` is the link to the next part. In later parts, data that has only one entry is null.',
    auth: signedIn,
    query: PageQuery.pick({ cursor: true }),
    returns: { 200: z.looseObject({ next: link.describe('The link to the next part, or null.') }) },
    errors: ['notFound'],
  },
  async ({ customer, session, query, url }) => {
    const { data, cursor } = await exportPersonalData({ customer, session }, query.cursor);
    return { ...data, next: cursor && `${url}?${new URLSearchParams({ cursor })}` };
  },
);
