import { endpoint } from '../../lib/http/endpoint.ts';
import { PageQuery, readPageQuery, showPage } from '../../lib/http/pageSchema.ts';
import * as notifications from '../../lib/notifications/notificationRepository.ts';
import { Notification, showNotification } from '../../lib/notifications/notificationSchema.ts';
import { signedIn } from '../../lib/sessions/authenticators.ts';

export const handler = endpoint(
  {
    operationId: 'listNotifications',
    tag: 'notifications',
    summary: "List the customer's notifications, the newest first.",
    description: 'Omit `cursor` for the first page. Follow `next` for older notifications.',
    auth: signedIn,
    query: PageQuery,
    returns: { 200: readPageQuery(Notification) },
    errors: ['notFound'],
  },
  async ({ customer, query, url }) =>
    showPage(url, query, await notifications.readInboxPage(customer, query), showNotification),
);
