import { endpoint } from '../../lib/http/endpoint.ts';
import * as notifications from '../../lib/notifications/notificationRepository.ts';
import { NotificationInPath } from '../../lib/notifications/notificationSchema.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'readNotification',
    tag: 'notifications',
    summary: 'Mark a notification as read.',
    description: 'Call it when the customer opens the notification. The request may be repeated.',
    auth: signedIn,
    params: NotificationInPath,
    returns: { 204: null },
  },
  ({ customer, params }) => notifications.markRead(customer, params.id),
);
