import * as z from 'zod';
import { again, retry } from '../backOff.ts';
import { nowMs } from '../clock.ts';
import { profileKey, pushKey } from '../table/keys.ts';
import { readAll, transact, write } from '../table/table.ts';

const Pushes = z.object({ pushedTo: z.set(z.int()).default(() => new Set<number>()) });

/**
 * As long as the worker's timeout. A worker acquires the lease after it starts, so an expired lease
 * means that its holder died.
 */
const leaseMs = 60_000;
/** About 7 s: with its retries, Lambda outlasts the lease of a worker that died. */
const mostAttempts = 20;

/**
 * Acquires the lease, so that one worker pushes a notification at a time.
 * @returns the ids of the devices that have been pushed to, or undefined if the customer has been
 * deleted
 * @throws throttled if another worker holds the lease
 */
export async function acquireLease(
  customerId: number,
  { id, expiresAtSeconds }: { id: number; expiresAtSeconds: number },
): Promise<ReadonlySet<number> | undefined> {
  const key = pushKey(customerId, id);
  return retry(async () => {
    const result = await transact([
      { kind: 'check', key: profileKey(customerId), condition: 'attribute_exists(pk)' },
      {
        kind: 'update',
        key,
        expression: 'SET #takenUntilMs = :until, #expiresAtSeconds = :expiry',
        condition: 'attribute_not_exists(pk) OR #takenUntilMs < :now',
        values: { ':until': nowMs() + leaseMs, ':expiry': expiresAtSeconds, ':now': nowMs() },
      },
    ]);
    if (result.done) {
      const [pushes] = await readAll([{ key, as: Pushes }]);
      return pushes?.pushedTo ?? new Set();
    }
    if (result.rejected[0]) return undefined;
    return again;
  }, mostAttempts);
}

export function markDelivered(customerId: number, id: number, deviceId: number): Promise<unknown> {
  return write({
    kind: 'update',
    key: pushKey(customerId, id),
    expression: 'ADD #pushedTo :device',
    condition: 'attribute_exists(pk)',
    values: { ':device': new Set([deviceId]) },
  });
}

export function releaseLease(customerId: number, id: number): Promise<unknown> {
  return write({
    kind: 'update',
    key: pushKey(customerId, id),
    expression: 'SET #takenUntilMs = :past',
    condition: 'attribute_exists(pk)',
    values: { ':past': 0 },
  });
}
