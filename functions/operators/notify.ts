import { begin } from '../../lib/broadcasts/begin.ts';
import { progressOf } from '../../lib/broadcasts/progress.ts';
import { operation } from '../../lib/operation.ts';
import { NotifyRequest, Progress, storedRequest } from '../../lib/schemas/notifyRequest.ts';

export const handler = operation(
  {
    summary: 'Notify customers, each in their own language, once for each idempotency key.',
    input: NotifyRequest,
    returns: Progress,
    errors: ['idempotencyKeyReused'],
  },
  async (wanted) => progressOf(await begin(storedRequest(wanted))),
);
