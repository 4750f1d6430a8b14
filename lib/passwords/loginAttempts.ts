import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import { countCall, countInBucket } from '../rateLimits/rateLimits.ts';
import type { Write } from '../table/expressions.ts';
import { loginAttemptsKey } from '../table/keys.ts';
import * as loginFailures from './loginFailures.ts';

/**
 * Failures of devices with a device token count apart from the network that they share with
 * strangers.
 */
export const devicesOf = (customerId: number) => `devices of ${customerId}`;

export interface LoginAttempt {
  /** Deletes the failures of this network at this account. */
  resetFailures: Write;
  undo: () => Promise<unknown>;
  /** Undoes the counts of the network and of the account, because the login succeeded. */
  undoSharedCounts: () => Promise<unknown>;
}

/**
 * Counts a login as a failure before the password is compared, so that parallel guesses get no more
 * attempts. It counts for the account and client network, for the network at all accounts, and for
 * the account from all networks.
 * @param name the e-mail address or phone, whether or not there is such an account
 * @throws limitExceeded
 */
export async function countLoginAttempt(name: string, network: string): Promise<LoginAttempt> {
  const now = nowSeconds();
  const [pair, ...others] = await Promise.all([
    loginFailures.countAttempt(name, network, now),
    countCall(network, 'FAILED_LOGINS', config.failedLoginsPerNetworkPerHour),
    countInBucket(loginAttemptsKey(name), config.failedLoginsPerAccountPerHour, now),
  ]);
  const undoSharedCounts = () => Promise.all(others.map((other) => other.done && other.undo()));
  const waits = [pair, ...others].flatMap((counted) => (counted.done ? [] : [counted.waitSeconds]));
  if (pair.done && waits.length === 0) {
    return {
      resetFailures: pair.resetFailures,
      undo: () => Promise.all([pair.undo(), undoSharedCounts()]),
      undoSharedCounts,
    };
  }
  await Promise.all([pair.done && pair.undo(), undoSharedCounts()]);
  return fail('limitExceeded', { retryAfterSeconds: Math.max(...waits) });
}

/**
 * Counts an attempt by a device of the account's owner, at that account alone. All devices count
 * together, so a stolen device token can use their attempts up. The caller then still has the
 * attempts of any other client.
 * @returns undefined when the devices have to wait
 */
export async function countDeviceLoginAttempt(name: string, ownerId: number): Promise<LoginAttempt | undefined> {
  const counted = await loginFailures.countAttempt(name, devicesOf(ownerId), nowSeconds());
  return counted.done ? { ...counted, undoSharedCounts: async () => undefined } : undefined;
}
