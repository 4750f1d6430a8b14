import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../lib/openapi/routes.ts';

/** Sends the sample notification to a customer, for the docs page: `notify` has no route. */
export function notifier(invoke: (event: object) => Promise<unknown>): (customerId: number) => Promise<unknown> {
  return (customerId) => {
    const sample = JSON.parse(readFileSync(join(project, 'events/operators/notify.json'), 'utf8'));
    return invoke({ ...sample, customer_ids: [customerId], idempotency_key: randomUUID() });
  };
}
