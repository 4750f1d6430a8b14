import { randomUUID } from 'node:crypto';
import sample from '../events/operators/notify.json' with { type: 'json' };

/** Sends the sample notification to a customer, for the docs page: `notify` has no route. */
export function notifier(invoke: (event: object) => Promise<unknown>): (customerId: number) => Promise<unknown> {
  return (customerId) => invoke({ ...sample, customer_ids: [customerId], idempotency_key: randomUUID() });
}
