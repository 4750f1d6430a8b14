import { endpoint } from '../../lib/http/endpoint.ts';
import { Preferences, showPreferences } from '../../lib/notifications/preferencesSchema.ts';
import { signedIn } from '../../lib/sessions/authenticate.ts';

export const handler = endpoint(
  {
    operationId: 'getNotificationPreferences',
    tag: 'notifications',
    summary: 'Which notifications the signed-in customer gets as pushes, and when.',
    description: 'Every type is on until the customer switches it off. The list in the inbox does not depend on it.',
    auth: signedIn,
    returns: { 200: Preferences },
  },
  ({ customer }) => showPreferences(customer),
);
