import { invoke } from './invoke.ts';
import type { World } from './world.ts';

export const operator = { operator: 'mona', reason: 'case 7' };

/** Invokes a function that changes something, as an operator does. */
export const operate = (functionName: string, event: object = {}) => invoke(functionName, { ...operator, ...event });

const conflict = {
  status: 400,
  type: 'TransactionCanceledException',
  extra: { CancellationReasons: [{ Code: 'TransactionConflict' }] },
};

/**
 * Runs an action before the first transaction that contains all these texts. The table rejects that
 * transaction with a conflict until the action has completed. Returns the result of the action.
 */
export function runBeforeTransaction<T>(world: World, texts: readonly string[], action: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let state: 'waiting' | 'running' | 'done' = 'waiting';
    world.engine.fail((operation, body) => {
      const isAwaited = operation === 'TransactWriteItems' && texts.every((text) => body.includes(text));
      if (state === 'done' || (state === 'waiting' && !isAwaited)) return undefined;
      if (state === 'waiting') {
        state = 'running';
        action()
          .finally(() => {
            state = 'done';
          })
          .then(resolve, reject);
        return conflict;
      }
      return isAwaited ? conflict : undefined;
    });
  });
}
