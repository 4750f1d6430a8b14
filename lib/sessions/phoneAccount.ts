import { nowSeconds } from '../clock.ts';
import type { Phone } from '../countries/phoneSchema.ts';
import * as customers from '../customers/customerRepository.ts';
import { PhoneClaim } from '../customers/phoneClaims.ts';
import { PushTokenClaim, type Registration } from '../devices/device.ts';
import { hasRoom } from '../devices/deviceLimit.ts';
import * as devices from '../devices/deviceRepository.ts';
import { newId } from '../table/ids.ts';
import { phoneClaimKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import { readSessionsAndDevices } from './signOut.ts';

/** Reads the claims on a phone and on the push tokens of a device. */
export async function readClaims(phone: string, device: Registration) {
  const [phoneClaim, pushToken, ...otherPushTokens] = await readAll([
    { key: phoneClaimKey(phone), as: PhoneClaim },
    ...devices.listPushTokenClaimKeys(device).map((key) => ({ key, as: PushTokenClaim })),
  ]);
  const isVerified = phoneClaim?.isVerified;
  return {
    phone: isVerified ? phoneClaim : undefined,
    // Its holder never showed that the phone is theirs, and loses it.
    unverified: isVerified ? undefined : phoneClaim,
    pushToken,
    otherPushTokens,
  };
}

/** Reads a customer with wallet, sessions and devices. */
export async function readCustomer(customerId: number, addsDevice: boolean) {
  const [found, signedIn] = await Promise.all([
    customers.readWithWallet(customerId),
    readSessionsAndDevices(customerId),
  ]);
  if (!found) return undefined;
  // Devices that were read beside the customer may be too old to count.
  const isTooOld = addsDevice && !hasRoom(found.customer);
  return { ...found, ...signedIn, ...(isTooOld && { registered: await devices.listByCustomer(customerId) }) };
}

/** Returns a customer with a verified phone and an empty profile. */
export function makeCustomer(phone: Phone, devicesAtMost: number): Omit<customers.Customer, 'language'> {
  return customers.Customer.omit({ language: true }).parse({
    id: newId(),
    phoneNumber: phone.number,
    fullName: '',
    email: '',
    image: null,
    gender: 'NS',
    birthDate: null,
    primaryAddressId: null,
    countryCode: phone.country,
    devicesAtMost,
    lastUsedAtSeconds: nowSeconds(),
    createdAtSeconds: nowSeconds(),
  });
}
