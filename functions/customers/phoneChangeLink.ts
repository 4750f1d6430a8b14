import * as z from 'zod';
import { cancelPhoneChange, findByLink } from '../../lib/customers/cancelPhoneChange.ts';
import { phoneChangePage } from '../../lib/customers/phoneChangePage.ts';
import { Document } from '../../lib/http/contract.ts';
import { endpoint } from '../../lib/http/endpoint.ts';

export const handler = endpoint(
  {
    summary: 'Show the page behind the link in an SMS, which cancels a change of the phone.',
    produces: ['text/html'],
    params: z.object({ link: z.string().describe('The secret of the link.') }),
    returns: { 200: Document.schema },
  },
  async ({ params, method, language }) => {
    const found = await findByLink(params.link);
    const page = (state: Parameters<typeof phoneChangePage>[0]) =>
      new Document('text/html', phoneChangePage(state, found?.customer.language ?? language));
    if (!found) return page('notWaiting');
    // Apps open links for a preview, so only the button of the page cancels the change.
    if (method !== 'POST') return page('waiting');
    await cancelPhoneChange(found.customer, found.change.id);
    return page('cancelled');
  },
);
