import { setTimeout } from 'node:timers/promises';
import { fail } from '../errors.ts';

/** How often a call is made before the client is asked to come back later. */
export const attempts = 12;

/** Tries again while another transaction holds an item. Nothing has been written by then, so the caller may try later. */
export async function retried<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      return await pausing(run());
    } catch (error) {
      if (!isConflict(error)) throw error;
      await backOff(attempt);
    }
  }
  return fail('throttled', { retryAfterSeconds: 1 });
}

const conflicts = ['TransactionConflictException', 'TransactionInProgressException'];

function isConflict(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const reasons =
    'CancellationReasons' in error && Array.isArray(error.CancellationReasons) ? error.CancellationReasons : [];
  const codes = reasons.map(({ Code }: { Code?: string }) => Code);
  return conflicts.includes(error.name) || codes.includes('TransactionConflict') || codes.includes('ThrottlingError');
}

/** DynamoDB asks for a pause after the SDK's own retries; so do we. */
const throttles = ['ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException'];

function isThrottle(error: unknown): boolean {
  return error instanceof Error && throttles.includes(error.name);
}

/** The same for whoever loads data and may repeat it: also a table that is too slow to answer. */
export function isBusy(error: unknown): boolean {
  return isThrottle(error) || (error instanceof Error && error.name === 'TimeoutError');
}

export async function pausing<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error) => {
    if (isThrottle(error)) return fail('throttled', { retryAfterSeconds: 1 });
    throw error;
  });
}

/** Waits before another try, with full jitter: two that collided once must not collide again in step. */
export function backOff(attempt: number): Promise<void> {
  return setTimeout(Math.random() * Math.min(10 * 2 ** attempt, 1_000));
}
