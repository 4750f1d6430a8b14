import { startBroadcast } from '../../lib/broadcasts/begin.ts';
import { NotifyRequest, Progress, toStoredRequest } from '../../lib/broadcasts/broadcastSchema.ts';
import { readProgress } from '../../lib/broadcasts/progress.ts';
import * as countries from '../../lib/countries/countryRepository.ts';
import { failFields } from '../../lib/errors.ts';
import { internalFunction } from '../../lib/http/internalFunction.ts';

export const handler = internalFunction(
  {
    summary: 'Notify customers, each in their own language, once for each idempotency key.',
    input: NotifyRequest,
    returns: Progress,
    errors: ['idempotencyKeyReused'],
  },
  async (wanted) => {
    if (wanted.country && !(await countries.all()).has(wanted.country)) {
      failFields({ attr: 'country', code: 'does_not_exist' });
    }
    return readProgress(await startBroadcast(toStoredRequest(wanted)));
  },
);
