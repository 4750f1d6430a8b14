import { deliverPushes } from '../../lib/notifications/deliverPushes.ts';
import { Notification } from '../../lib/notifications/notificationRepository.ts';
import { readCustomerId } from '../../lib/table/keys.ts';
import { streamWorker } from '../../lib/table/streamWorker.ts';

export const handler = streamWorker(({ key, after }) =>
  deliverPushes(readCustomerId(key.pk), Notification.parse(after)),
);
