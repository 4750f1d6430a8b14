import { announceLostPhone } from '../../lib/customers/lostPhone.ts';
import { deactivateDevicesOf } from '../../lib/devices/deviceRepository.ts';
import { syncPushEndpoint } from '../../lib/devices/syncPushEndpoint.ts';
import { logger } from '../../lib/logger.ts';
import { purgeInbox } from '../../lib/notifications/purgeInbox.ts';
import { eraseCustomer } from '../../lib/privacy/erasure.ts';
import { announceNewDevice } from '../../lib/sessions/newDevice.ts';
import { Session } from '../../lib/sessions/sessionRepository.ts';
import {
  clearingKey,
  devicePrefix,
  erasureKey,
  profileKey,
  readCustomerId,
  sessionPrefix,
} from '../../lib/table/keys.ts';
import { type Change, streamWorker } from '../../lib/table/streamWorker.ts';

/**
 * Follows up writes to the table. It erases deleted customers, empties cleared inboxes, deactivates
 * the devices of revoked sessions, syncs the push endpoints of devices, and tells customers about
 * sign-ins on new devices and about a phone that they lost.
 */
export const handler = streamWorker(async ({ key, before, after }) => {
  const customerId = readCustomerId(key.pk);
  if (key.sk === erasureKey(customerId).sk) {
    await eraseCustomer(customerId);
    logger.info('customer_erased', { customer_id: customerId });
  } else if (key.sk === clearingKey(customerId).sk) await purgeInbox(customerId);
  else if (key.sk.startsWith(sessionPrefix) && after) await announceNewDevice(Session.parse(after));
  else if (key.sk === profileKey(customerId).sk) await announceLostPhone(customerId);
  else if (key.sk.startsWith(sessionPrefix)) {
    await deactivateDevicesOf({ customerId, id: Number(key.sk.slice(sessionPrefix.length)) });
  } else if (key.sk.startsWith(devicePrefix) && concernsPushes({ before, after })) {
    await syncPushEndpoint(String((after ?? before)?.registrationId));
  }
});

/** Returns whether a change matters to SNS. Other fields of a device, such as its name, do not. */
function concernsPushes({ before, after }: Pick<Change, 'before' | 'after'>): boolean {
  return ['registeredAtMs', 'active', 'type'].some((field) => before?.[field] !== after?.[field]);
}
