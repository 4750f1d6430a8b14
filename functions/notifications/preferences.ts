import { endpoint } from '../../lib/http/endpoint.ts';
import { Preferences, showPreferences } from '../../lib/notifications/preferencesSchema.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'getNotificationPreferences',
    tag: 'notifications',
    summary: "Get the customer's notification preferences.",
    description: 'Every type is on until the customer switches it off. The inbox lists all notifications.',
    auth: signedIn,
    returns: { 200: Preferences },
  },
  ({ customer }) => showPreferences(customer),
);
