import * as z from 'zod';
import { notificationTypes, type Notification as Stored } from '../repositories/notifications.ts';
import { id, idInPath } from './fields.ts';

export const Notification = z
  .object({
    id,
    notification_type: z.enum(notificationTypes),
    title: z.string().max(255),
    message_body: z.string(),
    created_at: z.iso.datetime(),
    is_read: z.boolean(),
    data: z
      .record(z.string(), z.string())
      .describe('The `data` of the push; `deep_link` is the link to open on a tap.'),
  })
  .meta({ id: 'InboxNotification' });
export type Notification = z.infer<typeof Notification>;

/** The notification that a path names. */
export const NotificationInPath = z.object({ id: idInPath });

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
