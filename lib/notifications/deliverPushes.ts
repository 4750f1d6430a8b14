import { pMapSettled } from 'p-map';
import { ServiceFailure } from '../aws/signedFetch.ts';
import { callSns, isRejection } from '../aws/snsQuery.ts';
import { backOff } from '../backOff.ts';
import { nowMs, nowSeconds } from '../clock.ts';
import { Customer } from '../customers/customerRepository.ts';
import { Device, PushTokenClaim } from '../devices/device.ts';
import * as devices from '../devices/deviceRepository.ts';
import { PushEndpoint } from '../devices/pushEndpointRepository.ts';
import { belongsTo } from '../devices/snsEndpoints.ts';
import { findApplication, syncPushEndpoint } from '../devices/syncPushEndpoint.ts';
import { loggable, logger } from '../logger.ts';
import * as sessions from '../sessions/sessionRepository.ts';
import {
  deviceKey,
  notificationKey,
  profileKey,
  pushEndpointKey,
  pushTokenClaimKey,
  sessionKey,
} from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import { countUnread, Notification } from './notificationRepository.ts';
import * as pushes from './pushLease.ts';
import { publishParameters } from './pushMessage.ts';
import { findCountryTimeZone, isWithinHours } from './timeZones.ts';

const attempts = 6;
/** No attempt begins later, so that the worker releases its lease well before its timeout. */
const patienceMs = 10_000;
const atOnce = 20;

/**
 * Pushes a new notification once to every active device of its customer, however often the worker
 * runs. A device gets a second push only if the worker crashes before it has marked the first, or
 * if the connection to SNS breaks. That push replaces the first one on the phone.
 * @throws the error of a device that a later run may still reach
 */
export async function deliverPushes(customerId: number, notification: Notification): Promise<void> {
  const { id, expiresAtSeconds } = notification;
  const customer = await readRecipient(customerId, notification);
  if (!customer) return;
  const active = await readActiveDevices(customerId);
  if (active.length === 0) return;
  const pushedTo = await pushes.acquireLease(customerId, { id, expiresAtSeconds });
  if (!pushedTo) return;
  const badge = await countUnread(customer);
  const due = active.filter((device) => !pushedTo.has(device.id));
  const deadlineMs = performance.now() + patienceMs;
  const outcomes = await pMapSettled(
    due,
    (device) => deliverTo(customerId, device, { notification, badge, deadlineMs }),
    { concurrency: atOnce },
  );
  await pushes.releaseLease(customerId, id);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** A device with its owning session, which may be revoked. */
type OwnedDevice = Device & { sessionId: number };

/**
 * Reads the active devices. It reads sessions only for devices that are stored without their owner.
 */
async function readActiveDevices(customerId: number): Promise<OwnedDevice[]> {
  const active = (await devices.listByCustomer(customerId)).filter((device) => device.active);
  const open = active.some(({ sessionId }) => sessionId === null) ? await sessions.listByCustomer(customerId) : [];
  return active.flatMap((device) => {
    const sessionId = device.sessionId ?? devices.findSessionOf(device, open)?.id;
    return sessionId === undefined ? [] : [{ ...device, sessionId }];
  });
}

/**
 * Returns the customer if they want this push now. They do not if the notification was read,
 * deleted or has expired, if pushes of its type are off, or in quiet hours.
 */
async function readRecipient(customerId: number, notification: Notification): Promise<Customer | undefined> {
  const [customer, current] = await readAll([
    { key: profileKey(customerId), as: Customer },
    { key: notificationKey(customerId, notification), as: Notification },
  ]);
  if (!customer || notification.isSecurity) return customer;
  if (!isUnread(customer, current)) return undefined;
  const { quietHours, timeZone, countryCode } = customer;
  if (!wantsPush(customer, notification)) return undefined;
  const isQuiet = quietHours && isWithinHours(quietHours, nowMs(), timeZone ?? findCountryTimeZone(countryCode));
  return isQuiet ? undefined : customer;
}

function wantsPush(customer: Customer, { type, newSessionId }: Notification): boolean {
  if (newSessionId !== null) return customer.pushNewSignIn;
  return { product_ordered: customer.pushProductOrdered, other: customer.pushOther }[type];
}

function isUnread({ readings }: Customer, notification: Notification | undefined): boolean {
  return notification !== undefined && !notification.isRead && notification.reading >= readings;
}

/**
 * Pushes to one device. Each attempt reads the state again: a phone that changed hands or was
 * signed out must not show the notification.
 */
async function deliverTo(
  customerId: number,
  { id, registrationId, sessionId }: OwnedDevice,
  { notification, badge, deadlineMs }: { notification: Notification; badge: number; deadlineMs: number },
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    if (performance.now() > deadlineMs) throw new Error('There is no time left to push to this device.');
    const { device, endpoint, ttlSeconds } = await readDeviceState(
      customerId,
      { registrationId, sessionId },
      notification,
    );
    const application = device?.active ? findApplication(device.type) : undefined;
    if (!device || !application || ttlSeconds <= 0) return;
    try {
      if (endpoint?.enabledForMs === device.registeredAtMs && belongsTo(application, endpoint.arn)) {
        const push = { notification, ttlSeconds, badge };
        // Each attempt of this loop reads the state before it calls SNS again.
        await callSns('Publish', publishParameters(device.type, endpoint.arn, push), { attempts: 1 }).catch(
          acceptTimeout,
        );
        break;
      }
      // The push endpoint may have been disabled for an earlier registration.
      await syncPushEndpoint(registrationId);
      if (attempt === attempts) return;
    } catch (error) {
      if (isRejection(error, 'EndpointDisabled')) {
        logger.info('push_device_uninstalled', { customer_id: customerId, device_id: id });
        await devices.deactivate(customerId, device);
        return;
      }
      if (attempt === attempts || performance.now() > deadlineMs) {
        logger.warn('push_failed', { customer_id: customerId, device_id: id, error: loggable(error) });
        throw error;
      }
      if (isMissingEndpoint(error)) await syncPushEndpoint(registrationId);
      else await backOff(attempt);
    }
  }
  await pushes.markDelivered(customerId, notification.id, id);
  logger.info('push_delivered', { customer_id: customerId, notification_id: notification.id, device_id: id });
}

/**
 * Reads the current state of a device and its push endpoint. Returns no device if its session is
 * revoked, or if the device or the notification is no longer the customer's.
 */
async function readDeviceState(
  customerId: number,
  { registrationId, sessionId }: Pick<OwnedDevice, 'registrationId' | 'sessionId'>,
  notification: Notification,
) {
  const [customer, session, current, claim, device, endpoint] = await readAll([
    { key: profileKey(customerId), as: Customer },
    { key: sessionKey(customerId, sessionId), as: sessions.Session },
    { key: notificationKey(customerId, notification), as: Notification },
    { key: pushTokenClaimKey(registrationId), as: PushTokenClaim },
    { key: deviceKey(customerId, registrationId), as: Device },
    { key: pushEndpointKey(registrationId), as: PushEndpoint },
  ]);
  const owner = device?.sessionId ?? sessionId;
  if (owner !== sessionId) return readDeviceState(customerId, { registrationId, sessionId: owner }, notification);
  const isCurrent =
    customer &&
    session &&
    owner !== notification.newSessionId &&
    sessions.isActive(session, customer) &&
    (notification.isSecurity || isUnread(customer, current)) &&
    claim?.customerId === customerId;
  return { device: isCurrent ? device : undefined, endpoint, ttlSeconds: notification.expiresAtSeconds - nowSeconds() };
}

/** Counts a push without confirmation as sent, because SNS may have accepted it. */
function acceptTimeout(error: unknown): void {
  const isUnknown = error instanceof ServiceFailure && error.reason === 'Timeout';
  if (!isUnknown) throw error;
  logger.warn('push_outcome_unknown', { error: loggable(error) });
}

function isMissingEndpoint(error: unknown): boolean {
  return isRejection(error, 'NotFound') || (isRejection(error, 'InvalidParameter') && /TargetArn/.test(error.body));
}
