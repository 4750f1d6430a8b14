import * as z from 'zod';
import { endpoint } from '../../lib/http/endpoint.ts';
import * as notifications from '../../lib/notifications/notificationRepository.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'countUnreadNotifications',
    tag: 'notifications',
    summary: 'Count the unread notifications.',
    description: 'For the badge of the app. It counts up to 1,000, so 1000 means 1,000 or more.',
    auth: signedIn,
    returns: {
      200: z.object({
        unread_count: z.int().min(0).max(notifications.mostUnread).describe('The number for the badge.'),
      }),
    },
  },
  async ({ customer }) => ({ unread_count: await notifications.countUnread(customer) }),
);
