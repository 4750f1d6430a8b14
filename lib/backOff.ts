import { setTimeout } from 'node:timers/promises';
import { fail } from './errors.ts';

/** How often a call is made before the client is asked to come back later. */
export const attempts = 12;

/**
 * Retries while another transaction holds an item, or DynamoDB has no capacity for one of a
 * transaction's items. Nothing has been written by then, so the caller may try later.
 */
export async function retryConflicts<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      return await translateThrottle(run());
    } catch (error) {
      if (!isConflict(error) && !isCancelledForNow(error)) throw error;
      await backOff(attempt);
    }
  }
  return fail('throttled', { retryAfterSeconds: 1 });
}

const conflicts = ['TransactionConflictException', 'TransactionInProgressException'];

function isConflict(error: unknown): boolean {
  return error instanceof Error && conflicts.includes(error.name);
}

/**
 * Reasons to cancel a transaction that pass. DynamoDB writes some of them with and some without
 * `Exception`.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 */
const passing = [
  'InternalServerError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingError',
  'TransactionConflict',
  'TransactionInProgress',
];

function isCancelledForNow(error: unknown): boolean {
  const reasons = error instanceof Error && 'CancellationReasons' in error ? error.CancellationReasons : [];
  const codes = Array.isArray(reasons) ? reasons.map(({ Code = 'None' }: { Code?: string }) => Code) : [];
  const failed = codes.filter((code) => code !== 'None').map((code) => code.replace(/Exception$/, ''));
  return failed.length > 0 && failed.every((code) => passing.includes(code));
}

/** DynamoDB asks for a pause after the SDK's own retries; so do we. */
const throttles = [
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingError',
  'ThrottlingException',
];

function isThrottle(error: unknown): boolean {
  return error instanceof Error && throttles.includes(error.name);
}

/**
 * The same for writes that may be repeated: also a table that is too slow to respond, or fails
 * inside.
 */
export function isBusy(error: unknown): boolean {
  return isThrottle(error) || (error instanceof Error && ['InternalServerError', 'TimeoutError'].includes(error.name));
}

export async function translateThrottle<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error) => {
    if (isThrottle(error)) return fail('throttled', { retryAfterSeconds: 1 });
    throw error;
  });
}

/**
 * Waits before another try, with full jitter: two that collided once must not collide again in
 * step.
 */
export function backOff(attempt: number): Promise<void> {
  return setTimeout(Math.random() * Math.min(10 * 2 ** attempt, 1_000));
}
