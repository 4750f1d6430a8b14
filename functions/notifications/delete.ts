import { endpoint } from '../../lib/http/endpoint.ts';
import * as notifications from '../../lib/notifications/notificationRepository.ts';
import { NotificationInPath } from '../../lib/notifications/notificationSchema.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'deleteNotification',
    tag: 'notifications',
    summary: 'Delete a notification.',
    description: 'The notification disappears from the list and from the unread count.',
    auth: signedIn,
    params: NotificationInPath,
    returns: { 204: null },
  },
  ({ customer, params }) => notifications.remove(customer, params.id),
);
