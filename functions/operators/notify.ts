import { begin } from '../../lib/broadcasts/begin.ts';
import { NotifyRequest, Progress, storedRequest } from '../../lib/broadcasts/broadcastSchema.ts';
import { progressOf } from '../../lib/broadcasts/progress.ts';
import * as countries from '../../lib/countries/countryRepository.ts';
import { failFields } from '../../lib/errors.ts';
import { operation } from '../../lib/http/internalFunction.ts';

export const handler = operation(
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
    return progressOf(await begin(storedRequest(wanted)));
  },
);
