import * as z from 'zod';
import { daySeconds, nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import { toSite } from '../rateLimits/clientNetwork.ts';
import { hourBucket, limitInBucket } from '../rateLimits/rateLimits.ts';
import { SlidingWindow } from '../rateLimits/slidingWindow.ts';
import type { Item, Write } from '../table/expressions.ts';
import { clientCallsKey, customerLimitKey } from '../table/keys.ts';
import { readAll, write } from '../table/table.ts';

const takenKey = (network: string) => clientCallsKey(toSite(network) ?? network, 'REFUSALS');

/**
 * Checks that a client network has "already taken" responses left this hour. Callers check before
 * they look anything up, so that a client over the limit learns nothing more.
 * @throws limitExceeded
 */
export async function requireTakenResponsesLeft(network: string): Promise<void> {
  const { key, endsInSeconds } = hourBucket(takenKey(network), nowSeconds());
  const [counted] = await readAll([{ key, as: z.object({ sends: z.int() }) }]);
  const isLeft = (counted?.sends ?? 0) < config.takenResponsesPerNetworkPerHour;
  if (!isLeft) fail('limitExceeded', { retryAfterSeconds: endsInSeconds });
}

/**
 * Counts an "already taken" response to a client network.
 * @throws limitExceeded when it has none left this hour
 */
export function countTakenResponse(network: string): Promise<void> {
  return limitInBucket(takenKey(network), config.takenResponsesPerNetworkPerHour);
}

/**
 * Counts a response to a customer that an e-mail address is taken: for the client network, and as
 * an e-mail change of the customer.
 * @throws limitExceeded when either has none left
 */
export async function countTakenEmail(network: string, customerId: number): Promise<void> {
  const [{ done, old }] = await Promise.all([write(countEmailChangeWrite(customerId)), countTakenResponse(network)]);
  if (!done) fail('limitExceeded', { retryAfterSeconds: emailChangeWait(old) });
}

/** The limits of an e-mail change, as writes of its transaction. */
export function countEmailLimitWrites(customerId: number, network: string): Record<string, Write> {
  return { emailChanges: countEmailChangeWrite(customerId), taken: checkTakenResponsesWrite(network) };
}

/**
 * Fails if a limit is exceeded, before the response can tell whether an e-mail address is taken.
 * @param writes with those of {@link countEmailLimitWrites}
 * @throws limitExceeded when the customer, or the client network, is over a limit
 */
export function failOverLimit(
  writes: Record<string, Write>,
  rejected: readonly ({ old: Item | undefined } | undefined)[],
): void {
  const findRejection = (name: string) => rejected[Object.keys(writes).indexOf(name)];
  if (findRejection('taken')) fail('limitExceeded', { retryAfterSeconds: takenWait() });
  const changes = findRejection('emailChanges');
  if (changes) fail('limitExceeded', { retryAfterSeconds: emailChangeWait(changes.old) });
}

/** Transaction check: a client network has "already taken" responses left this hour. */
function checkTakenResponsesWrite(network: string): Write {
  const { key } = hourBucket(takenKey(network), nowSeconds());
  const condition = 'attribute_not_exists(#sends) OR #sends < :cap';
  return { kind: 'check', key, condition, values: { ':cap': config.takenResponsesPerNetworkPerHour } };
}

/** Transaction write: count an e-mail change, if the customer has changes left today. */
function countEmailChangeWrite(customerId: number) {
  const [window, now] = [emailChanges(), nowSeconds()];
  return {
    kind: 'update' as const,
    key: customerLimitKey(customerId, 'EMAIL_CHANGES'),
    expression: `SET #expiresAtSeconds = :expiry, ${window.count}`,
    condition: window.allows,
    values: { ':expiry': now + daySeconds, ...window.values(now) },
  } satisfies Write;
}

/** Returns the seconds until the next e-mail change, from the item that rejected this one. */
function emailChangeWait(item: Item | undefined): number {
  const [window, now] = [emailChanges(), nowSeconds()];
  return Math.max(1, window.wait(window.read(item), now));
}

const emailChanges = () =>
  new SlidingWindow('changed', [{ events: config.emailChangesPerDay, perSeconds: daySeconds }]);

const takenWait = () => hourBucket(takenKey(''), nowSeconds()).endsInSeconds;
