import { deliver } from '../../lib/notifications/deliverPush.ts';
import { Notification } from '../../lib/notifications/notificationRepository.ts';
import { customerOf } from '../../lib/table/keys.ts';
import { streamWorker } from '../../lib/table/streamWorker.ts';

/** Pushes notifications as they come into the table. */
export const handler = streamWorker(({ key, after }) => deliver(customerOf(key.pk), Notification.parse(after)));
