import * as z from 'zod';
import * as broadcasts from '../../lib/broadcasts/broadcastRepository.ts';
import { Progress } from '../../lib/broadcasts/broadcastSchema.ts';
import { readProgress } from '../../lib/broadcasts/progress.ts';
import { fail } from '../../lib/errors.ts';
import { text } from '../../lib/http/fields.ts';
import { internalFunction } from '../../lib/http/internalFunction.ts';

export const handler = internalFunction(
  {
    summary: 'Get the progress of a notification to many customers.',
    input: z.object({ idempotency_key: text({ max: 255 }) }),
    returns: Progress,
    errors: ['notFound'],
  },
  async ({ idempotency_key }) => readProgress((await broadcasts.find(idempotency_key)) ?? fail('notFound')),
);
