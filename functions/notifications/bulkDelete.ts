import { endpoint } from '../../lib/http/endpoint.ts';
import * as notifications from '../../lib/notifications/notificationRepository.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'bulkDeleteNotifications',
    tag: 'notifications',
    summary: 'Delete all notifications.',
    description: 'The request needs no body. Notifications that arrive later are kept.',
    auth: signedIn,
    returns: { 204: null },
  },
  ({ customer }) => notifications.clear(customer.id),
);
