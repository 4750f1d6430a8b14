import { endpoint } from '../../lib/http/endpoint.ts';
import * as notifications from '../../lib/notifications/notificationRepository.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'readAllNotifications',
    tag: 'notifications',
    summary: 'Mark all notifications as read.',
    description: 'Notifications that arrive later are unread.',
    auth: signedIn,
    returns: { 204: null },
  },
  ({ customer }) => notifications.markAllRead(customer.id),
);
