import * as z from 'zod';
import { progressOf } from '../../lib/broadcasts/progress.ts';
import { fail } from '../../lib/errors.ts';
import { operation } from '../../lib/operation.ts';
import * as broadcasts from '../../lib/repositories/broadcasts.ts';
import { text } from '../../lib/schemas/fields.ts';
import { Progress } from '../../lib/schemas/notifyRequest.ts';

export const handler = operation(
  {
    summary: 'How far a notification to many customers has come.',
    input: z.object({ idempotency_key: text({ max: 255 }) }),
    returns: Progress,
    errors: ['notFound'],
  },
  async ({ idempotency_key }) => progressOf((await broadcasts.find(idempotency_key)) ?? fail('notFound')),
);
