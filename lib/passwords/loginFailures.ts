import * as z from 'zod';
import { daySeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { clockSkewSeconds } from '../rateLimits/slidingWindow.ts';
import type { Write } from '../table/expressions.ts';
import { type Key, loginFailuresKey } from '../table/keys.ts';
import { write } from '../table/table.ts';

const Failures = z.object({ failures: z.int(), lastAtSeconds: z.int(), expiresAtSeconds: z.int() });

const longestWaitSeconds = 3_600;
/**
 * The number of failures, after the free ones, until the wait is longest: 1, 2, 4 … 2,048, 3,600 s.
 */
const steps = Math.ceil(Math.log2(longestWaitSeconds));

/**
 * Returns the seconds from the last failure until the next attempt. It is 0 while failures are
 * free.
 */
function waitAfter(failures: number): number {
  const surplus = failures - config.loginFailuresBeforeWait;
  return surplus < 0 ? 0 : Math.min(2 ** surplus, longestWaitSeconds);
}

/**
 * The result of counting an attempt. `resetFailures` deletes all failures, and `undo` uncounts only
 * this attempt.
 */
export type ThrottledAttempt =
  | { done: true; resetFailures: Write; undo: () => Promise<unknown> }
  | { done: false; waitSeconds: number };

/**
 * Counts an attempt to log in from a client network, whether or not there is such an account. It
 * counts as a failure before the password is compared, so that parallel guesses get no more
 * attempts.
 */
export async function countAttempt(identifier: string, network: string, now: number): Promise<ThrottledAttempt> {
  const key = loginFailuresKey(identifier, network);
  const { done, old } = await write({
    kind: 'update',
    key,
    expression: 'SET #lastAtSeconds = :now, #expiresAtSeconds = :expiry ADD #failures :one',
    condition: `attribute_not_exists(pk) OR #lastAtSeconds > :ahead OR (#expiresAtSeconds > :now AND (${throttleCondition()}))`,
    values: {
      ':now': now,
      ':expiry': now + daySeconds,
      ':one': 1,
      ':ahead': now + clockSkewSeconds,
      ...throttleValues(now),
    },
  });
  const before = Failures.safeParse(old).data;
  if (done)
    return { done, resetFailures: resetFailuresWrite(identifier, network), undo: () => undoAttempt(key, now, before) };
  const { failures, lastAtSeconds, expiresAtSeconds } = Failures.parse(old);
  if (expiresAtSeconds > now) return { done, waitSeconds: Math.max(1, lastAtSeconds + waitAfter(failures) - now) };
  await deleteExpired(key, expiresAtSeconds);
  return countAttempt(identifier, network, now);
}

export function resetFailuresWrite(identifier: string, network: string): Write {
  return { kind: 'delete', key: loginFailuresKey(identifier, network) };
}

/**
 * Restores the failures from before an attempt. If later attempts were counted, it only subtracts
 * one.
 */
async function undoAttempt(key: Key, now: number, before: z.infer<typeof Failures> | undefined): Promise<void> {
  const values = { ':minusOne': -1, ':none': 0, ':one': 1, ':now': now };
  const isLast = '#lastAtSeconds = :now';
  const { lastAtSeconds: last, expiresAtSeconds: expiry } = before ?? {};
  const { done } = await write(
    before
      ? {
          kind: 'update',
          key,
          expression: 'SET #lastAtSeconds = :last, #expiresAtSeconds = :expiry ADD #failures :minusOne',
          condition: isLast,
          values: { ...values, ':last': last, ':expiry': expiry },
        }
      : { kind: 'delete', key, condition: `${isLast} AND #failures = :one`, values },
  );
  if (done) return;
  await write({ kind: 'update', key, expression: 'ADD #failures :minusOne', condition: '#failures > :none', values });
}

/**
 * Deletes an expired counter. DynamoDB deletes it up to days late, and a new count must not
 * continue it.
 */
function deleteExpired(key: Key, expiresAtSeconds: number): Promise<unknown> {
  const condition = '#expiresAtSeconds = :seen';
  return write({ kind: 'delete', key, condition, values: { ':seen': expiresAtSeconds } });
}

/**
 * Returns a condition with one comparison for each step of the wait, because a DynamoDB expression
 * cannot double a number.
 */
function throttleCondition(): string {
  const byStep = Array.from(
    { length: steps },
    (_, step) => `(#failures = :count${step} AND #lastAtSeconds <= :since${step})`,
  );
  return ['#failures < :count0', ...byStep, `(#failures >= :count${steps} AND #lastAtSeconds <= :since${steps})`].join(
    ' OR ',
  );
}

function throttleValues(now: number): Record<string, number> {
  const counts = Array.from({ length: steps + 1 }, (_, step) => config.loginFailuresBeforeWait + step);
  return Object.fromEntries(
    counts.flatMap((count, step) => [
      [`:count${step}`, count],
      [`:since${step}`, now - waitAfter(count)],
    ]),
  );
}
