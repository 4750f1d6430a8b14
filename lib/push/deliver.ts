import {
  EndpointDisabledException,
  InvalidParameterException,
  NotFoundException,
  PublishCommand,
} from '@aws-sdk/client-sns';
import { nowMs, nowSeconds } from '../clock.ts';
import { logger } from '../logger.ts';
import { sns } from '../messaging/sns.ts';
import { Customer } from '../repositories/customers.ts';
import * as devices from '../repositories/devices.ts';
import * as endpoints from '../repositories/endpoints.ts';
import { notificationKey, profileKey } from '../repositories/keys.ts';
import { countUnread, Notification } from '../repositories/notifications.ts';
import * as pushes from '../repositories/pushes.ts';
import { backOff } from '../repositories/retries.ts';
import { readAll } from '../repositories/table.ts';
import { isWithin, timeZoneOf } from '../timeZones.ts';
import { publication } from './message.ts';
import { endpointOf } from './syncEndpoint.ts';

const attempts = 6;

/**
 * Pushes a new notification to every active device of its customer, each once, however often this runs: only a crash after SNS
 * took a push and before that was recorded lets it be sent again. Then it takes the place of the first on the phone.
 * Throws what keeps it from reaching a device that it might reach later.
 */
export async function deliver(customerId: number, notification: Notification): Promise<void> {
  const { id, expiresAtSeconds } = notification;
  if (!(await isWanted(customerId, notification))) return;
  const active = (await devices.ofCustomer(customerId)).filter((device) => device.active);
  if (active.length === 0) return;
  const { pushedTo } = await pushes.begin(customerId, { id, expiresAtSeconds });
  const due = active.filter((device) => !pushedTo.has(device.id));
  const outcomes = await Promise.allSettled(due.map((device) => deliverTo(customerId, device, notification)));
  await pushes.end(
    customerId,
    id,
    due.filter((_, index) => outcomes[index]?.status === 'fulfilled'),
  );
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Not any more when it was read, deleted or has expired; not at all when the customer does not want such pushes, or not now. */
async function isWanted(customerId: number, notification: Notification): Promise<boolean> {
  const [customer, current] = await readAll([
    { key: profileKey(customerId), as: Customer },
    { key: notificationKey(customerId, notification), as: Notification },
  ]);
  if (!customer || !current || current.isRead || current.reading < customer.readings) return false;
  const { pushProductOrdered, pushOther, quietHours, timeZone, countryCode } = customer;
  if (!{ product_ordered: pushProductOrdered, other: pushOther }[notification.type]) return false;
  return !(quietHours && isWithin(quietHours, nowMs(), timeZone ?? timeZoneOf(countryCode)));
}

/** Before each try it looks whether the device is still the customer's: a phone that changed hands must not show this. */
async function deliverTo(
  customerId: number,
  { registrationId }: devices.Device,
  notification: Notification,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { device, arn: known } = await endpoints.deviceWithEndpoint(customerId, registrationId);
    if (!device?.active) return;
    const arn = known ?? (await endpointOf(device, undefined));
    if (!arn) return;
    try {
      await publish(customerId, device, arn, notification);
      return;
    } catch (error) {
      if (error instanceof EndpointDisabledException) {
        logger().info('device without an app', { customer_id: customerId, device_id: device.id });
        await devices.silence(customerId, device);
        return;
      }
      if (attempt === attempts) throw error;
      if (isGone(error)) await endpointOf(device, arn);
      else await backOff(attempt);
    }
  }
}

function isGone(error: unknown): boolean {
  return (
    error instanceof NotFoundException ||
    (error instanceof InvalidParameterException && /TargetArn/.test(error.message))
  );
}

async function publish(
  customerId: number,
  { id, type }: devices.Device,
  arn: string,
  notification: Notification,
): Promise<void> {
  const badge = await countUnread({ id: customerId, readings: notification.reading });
  const ttlSeconds = notification.expiresAtSeconds - nowSeconds();
  await sns().send(new PublishCommand(publication(type, arn, { notification, ttlSeconds, badge })));
  logger().info('pushed', { customer_id: customerId, notification_id: notification.id, device_id: id });
}
