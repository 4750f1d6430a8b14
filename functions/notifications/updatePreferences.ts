import * as customers from '../../lib/customers/customerRepository.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import {
  PreferenceChanges,
  Preferences,
  showPreferences,
  storedPreferences,
} from '../../lib/notifications/preferencesSchema.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'updateNotificationPreferences',
    tag: 'notifications',
    summary: 'Change which notifications are pushed, and when.',
    description:
      'Omitted fields stay unchanged. `null` ends the quiet hours, or restores the time zone of the country.',
    auth: signedIn,
    body: PreferenceChanges,
    returns: { 200: Preferences },
  },
  async ({ customer, body }) => showPreferences(await customers.changePreferences(customer, storedPreferences(body))),
);
