import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { enqueue } from '../../lib/broadcasts/queue.ts';
import { sendPart } from '../../lib/broadcasts/sendPart.ts';
import { loggable, logger } from '../../lib/logger.ts';

const Message = z.object({ idempotency_key: z.string(), part: z.int() });

/** The time reserved for a running step. With less time left, no further step begins. */
const reserveMs = 20_000;

/**
 * Sends parts of broadcasts. A part that is not done when time is up goes to the end of the queue.
 * A part that failed is reported, so the queue delivers it again after its visibility timeout. Both
 * continue after their last step.
 */
export const handler = async ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
  const failed: string[] = [];
  for (const { body, messageId } of Records) {
    try {
      const { idempotency_key: idempotencyKey, part: number } = Message.parse(JSON.parse(body));
      const hasTime = () => context.getRemainingTimeInMillis() > reserveMs;
      const isDone = await sendPart({ idempotencyKey, number }, hasTime);
      logger.info('broadcast_part_processed', { part: number, is_done: isDone });
      if (!isDone) await enqueue([{ idempotency_key: idempotencyKey, part: number }]);
    } catch (error) {
      logger.error('broadcast_part_failed', { message_id: messageId, error: loggable(error) });
      failed.push(messageId);
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
};
