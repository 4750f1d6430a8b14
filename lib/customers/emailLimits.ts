import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import { toSite } from '../rateLimits/clientNetwork.ts';
import { DailyLimit } from '../rateLimits/dailyLimit.ts';
import { hourBucket, limitInBucket } from '../rateLimits/rateLimits.ts';
import type { Item, Write } from '../table/expressions.ts';
import { clientCallsKey } from '../table/keys.ts';
import { readAll, write } from '../table/table.ts';

const emailChanges = new DailyLimit('EMAIL_CHANGES', 'changed', () => config.emailChangesPerDay);

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
  const [{ done, old }] = await Promise.all([write(emailChanges.countWrite(customerId)), countTakenResponse(network)]);
  if (!done) fail('limitExceeded', { retryAfterSeconds: emailChanges.waitSeconds(old) });
}

/** The limits of an e-mail change, as writes of its transaction. */
export function countEmailLimitWrites(customerId: number, network: string): Record<string, Write> {
  return { emailChanges: emailChanges.countWrite(customerId), taken: checkTakenResponsesWrite(network) };
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
  if (changes) fail('limitExceeded', { retryAfterSeconds: emailChanges.waitSeconds(changes.old) });
}

/** Transaction check: a client network has "already taken" responses left this hour. */
function checkTakenResponsesWrite(network: string): Write {
  const { key } = hourBucket(takenKey(network), nowSeconds());
  const condition = 'attribute_not_exists(#sends) OR #sends < :cap';
  return { kind: 'check', key, condition, values: { ':cap': config.takenResponsesPerNetworkPerHour } };
}

const takenWait = () => hourBucket(takenKey(''), nowSeconds()).endsInSeconds;
