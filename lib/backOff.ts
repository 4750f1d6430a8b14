import { setTimeout } from 'node:timers/promises';
import { fail } from './errors.ts';
import { TableError } from './table/tableError.ts';

/** Most attempts before the client gets a 429. */
export const attempts = 12;

/**
 * Retries a write while another transaction uses one of its items, or DynamoDB has no capacity for
 * one of them. Nothing has been written then.
 * @throws throttled after the last attempt
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
 * Temporary reasons to cancel a transaction. DynamoDB returns them with or without `Exception`.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 */
const temporaryReasons = [
  'InternalServerError',
  'ProvisionedThroughputExceeded',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingError',
  'TransactionConflict',
  'TransactionInProgress',
];

function isCancelledForNow(error: unknown): boolean {
  const codes = error instanceof TableError ? error.cancellationReasons.map(({ code }) => code) : [];
  const failed = codes.filter((code) => code !== 'None').map((code) => code.replace(/Exception$/, ''));
  return failed.length > 0 && failed.every((code) => temporaryReasons.includes(code));
}

/** Errors of a throttled call, after the retries of {@link signedFetch}. */
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
 * Returns whether a repeatable write may be retried. After a timeout or an internal error, DynamoDB
 * may have done the write.
 */
export function isBusy(error: unknown): boolean {
  return isThrottle(error) || (error instanceof Error && ['InternalServerError', 'TimeoutError'].includes(error.name));
}

export async function translateThrottle<T>(call: Promise<T>): Promise<T> {
  return call.catch((error) => {
    if (isThrottle(error)) return fail('throttled', { retryAfterSeconds: 1 });
    throw error;
  });
}

/** Waits before a retry, with full jitter, so that two callers do not conflict again. */
export function backOff(attempt: number): Promise<void> {
  return setTimeout(Math.random() * Math.min(10 * 2 ** attempt, 1_000));
}

/** The result of an attempt that another request interfered with. */
export const again = Symbol('again');

/**
 * Repeats an attempt that other requests interfere with, with back-off.
 * @throws throttled after the last attempt
 */
export async function retry<T>(
  run: (attempt: number) => Promise<T | typeof again>,
  mostAttempts = attempts,
): Promise<T> {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const result = await run(attempt);
    if (result !== again) return result;
    await backOff(attempt);
  }
  return fail('throttled', { retryAfterSeconds: 1 });
}
