import * as z from 'zod';
import { nowMs } from '../clock.ts';
import { pushKey } from './keys.ts';
import { backOff } from './retries.ts';
import { write } from './table.ts';

/** To which devices a notification has been pushed, by their ids. */
const Pushes = z.object({ pushedTo: z.set(z.int()).default(() => new Set<number>()) });

/** Longer than a worker runs, so that whoever holds it when it ends is gone. */
const takenMs = 60_000;
const attempts = 16;

/**
 * Takes the pushes of a notification, for one at a time, and answers to which devices it has been pushed.
 * Throws when another one keeps them.
 */
export async function begin(customerId: number, { id, expiresAtSeconds }: { id: number; expiresAtSeconds: number }) {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { done, old } = await write({
      kind: 'update',
      key: pushKey(customerId, id),
      expression: 'SET #takenUntilMs = :until, #expiresAtSeconds = :expiry',
      condition: 'attribute_not_exists(pk) OR #takenUntilMs < :now',
      values: { ':until': nowMs() + takenMs, ':expiry': expiresAtSeconds, ':now': nowMs() },
    });
    if (done) return Pushes.parse(old ?? {});
    await backOff(attempt);
  }
  throw new Error('The pushes of a notification are under way.');
}

/** Records the devices that have been reached, and lets go. */
export function end(customerId: number, id: number, reached: readonly { id: number }[]): Promise<unknown> {
  const ids = new Set(reached.map((device) => device.id));
  return write({
    kind: 'update',
    key: pushKey(customerId, id),
    expression: `SET #takenUntilMs = :never${ids.size > 0 ? ' ADD #pushedTo :ids' : ''}`,
    condition: 'attribute_exists(pk)',
    values: { ':never': 0, ':ids': ids },
  });
}
