import * as z from 'zod';
import { cancelPhoneChange } from '../../lib/customers/cancelPhoneChange.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { idInPath } from '../../lib/http/fields.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'cancelPhoneChange',
    tag: 'customers',
    summary: 'Cancel a requested change of the phone.',
    description: 'Every signed-in device can cancel it. Its id is also in the notification about the request.',
    auth: signedIn,
    params: z.object({ id: idInPath.describe('The id of the request.') }),
    returns: { 204: null },
  },
  ({ customer, params }) => cancelPhoneChange(customer, params.id),
);
