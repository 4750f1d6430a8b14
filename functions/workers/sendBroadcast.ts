import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { enqueue } from '../../lib/broadcasts/queue.ts';
import { sendPart } from '../../lib/broadcasts/sendPart.ts';
import { loggable, logger } from '../../lib/logger.ts';

const Message = z.object({ idempotency_key: z.string(), part: z.int() });

/** Time that is left for the step under way when the next one is not begun. */
const reserveMs = 20_000;

/**
 * Works on parts of broadcasts. A part that is not done when time is up goes to the end of the
 * queue. A part that failed is reported, so the queue delivers it again when its visibility timeout
 * has passed. Either goes on where it was.
 */
export const handler = async ({ Records }: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
  const failed: string[] = [];
  for (const { body, messageId } of Records) {
    try {
      const { idempotency_key: idempotencyKey, part: number } = Message.parse(JSON.parse(body));
      const hasTime = () => context.getRemainingTimeInMillis() > reserveMs;
      const isDone = await sendPart({ idempotencyKey, number }, hasTime);
      logger().info('broadcast_part_processed', { part: number, is_done: isDone });
      if (!isDone) await enqueue([{ idempotency_key: idempotencyKey, part: number }]);
    } catch (error) {
      logger().error('broadcast_part_failed', { message_id: messageId, error: loggable(error) });
      failed.push(messageId);
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
};
