import { deliver } from '../../lib/push/deliver.ts';
import { customerOf } from '../../lib/repositories/keys.ts';
import { Notification } from '../../lib/repositories/notifications.ts';
import { streamWorker } from '../../lib/streamWorker.ts';

/** Pushes notifications as they come into the table. */
export const handler = streamWorker(({ key, after }) => deliver(customerOf(key.pk), Notification.parse(after)));
