import { signedIn } from '../../lib/auth/signedIn.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import * as notifications from '../../lib/repositories/notifications.ts';

export const handler = endpoint(
  {
    operationId: 'readAllNotifications',
    tag: 'notifications',
    summary: 'Mark all notifications as read.',
    description: 'Notifications that arrive afterwards are unread.',
    auth: signedIn,
    returns: { 204: null },
  },
  ({ customer }) => notifications.markAllRead(customer.id),
);
