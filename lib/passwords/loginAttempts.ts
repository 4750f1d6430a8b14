import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import { countCall, countInBucket } from '../rateLimits/rateLimits.ts';
import type { Write } from '../table/expressions.ts';
import { loginAttemptsKey } from '../table/keys.ts';
import * as loginFailures from './loginThrottle.ts';

/** Failures of devices with a device token count apart, whatever network they share with strangers. */
const devicesOf = (customerId: number) => `devices of ${customerId}`;

export interface LoginAttempt {
  /** The write that deletes the failures of this network at this account. */
  forgetting: Write;
  /** Undoes all counts of the attempt. */
  undo: () => Promise<unknown>;
  /** Undoes the counts of the network and of the account: the attempt did not fail. */
  succeed: () => Promise<unknown>;
}

/**
 * Counts an attempt to log in as a failure before anything is compared, so that parallel guesses
 * are no more than those in turn: for the pair of account and client network, for the network over
 * all accounts, and for the account over all networks. A device that has logged in before is not
 * kept out by what other networks fail.
 * @param name the e-mail address or phone; whether there is such an account makes no difference
 * @param ownerId the customer of the caller's device token, for an attempt at that account alone
 * @throws throttled
 */
export async function countLoginAttempt(
  name: string,
  network: string,
  ownerId: number | undefined,
): Promise<LoginAttempt> {
  const now = nowSeconds();
  const [pair, ...others] = await Promise.all([
    loginFailures.countAttempt(name, ownerId ? devicesOf(ownerId) : network, now),
    ...(ownerId
      ? []
      : [
          countCall(network, 'FAILED_LOGINS', config.failedLoginsPerAddressPerHour),
          countInBucket(loginAttemptsKey(name), config.failedLoginsPerAccountPerHour, now),
        ]),
  ]);
  const succeed = () => Promise.all(others.map((other) => other.done && other.undo()));
  const waits = [pair, ...others].flatMap((counted) => (counted.done ? [] : [counted.waitSeconds]));
  if (pair.done && waits.length === 0) {
    return { forgetting: pair.forgetting, undo: () => Promise.all([pair.undo(), succeed()]), succeed };
  }
  await Promise.all([pair.done && pair.undo(), succeed()]);
  return fail('throttled', { retryAfterSeconds: Math.max(...waits) });
}
