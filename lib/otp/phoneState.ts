import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import { waitForAll } from '../rateLimits/slidingWindow.ts';
import { type Key, otpKey, otpNetworkPrefix } from '../table/keys.ts';
import { readAll, readRaw } from '../table/table.ts';
import { attemptWindows, sendWindows } from './otpLimits.ts';

/**
 * Returns the keys of the items that count a phone's sends and attempts: of all networks together,
 * with the live OTPs, and of each network.
 */
export async function listPhoneLimitKeys(phone: string): Promise<Key[]> {
  const key = otpKey(phone);
  const ofNetworks = await readRaw(key.pk, otpNetworkPrefix);
  return [key, ...ofNetworks.map(({ pk, sk }) => ({ pk, sk }))];
}

/**
 * Returns the seconds until a device without a device token may get, and enter, an OTP to sign in.
 */
export async function readPhoneWaits(phone: string): Promise<{ sendWaitSeconds: number; attemptWaitSeconds: number }> {
  const [item] = await readAll([{ key: otpKey(phone), as: z.record(z.string(), z.unknown()) }]);
  const now = nowSeconds();
  const attempts = attemptWindows('stranger');
  return {
    // A phone without attempts left gets no OTP.
    sendWaitSeconds: waitForAll([...sendWindows('stranger'), ...attempts], item, now),
    attemptWaitSeconds: waitForAll(attempts, item, now),
  };
}
