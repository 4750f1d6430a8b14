import * as z from 'zod';
import { id, idInPath } from '../http/fields.ts';
import { notificationTypes, type Notification as Stored } from './notificationRepository.ts';

export const Notification = z
  .object({
    id: id.describe('Identifies the notification.'),
    notification_type: z.enum(notificationTypes).describe('Preferences switch pushes on and off by this type.'),
    title: z.string().max(255).describe('In the customer’s language.'),
    message_body: z.string().describe('In the customer’s language.'),
    created_at: z.iso.datetime().describe('In UTC.'),
    is_read: z.boolean().describe('Set by readNotification and readAllNotifications.'),
    data: z
      .record(z.string(), z.string())
      .describe('The `data` of the push; `deep_link` is the link to open on a tap.'),
  })
  .meta({ id: 'InboxNotification', description: 'A notification in the inbox.' });
export type Notification = z.infer<typeof Notification>;

export const NotificationInPath = z.object({ id: idInPath.describe('The id of the notification.') });

export function showNotification({ id, type, title, body, createdAtMs, isRead, data }: Stored): Notification {
  return {
    id,
    notification_type: type,
    title,
    message_body: body,
    created_at: new Date(createdAtMs).toISOString(),
    is_read: isRead,
    data,
  };
}
