import { openQueue } from '../../../local/queue.ts';
import { lambdaContext } from './event.ts';
import { loadFunction } from './invoke.ts';

/** Runs the broadcast worker on all queued messages. Returns the number of messages. */
export async function sendQueued(remainingMs = 60_000): Promise<number> {
  const { BROADCAST_QUEUE_URL = '', AWS_ENDPOINT_URL_SQS = '' } = process.env;
  const queue = openQueue(BROADCAST_QUEUE_URL, AWS_ENDPOINT_URL_SQS);
  const sendBroadcast = await loadFunction('sendBroadcast');
  const context = { ...lambdaContext(), getRemainingTimeInMillis: () => remainingMs };
  try {
    return await queue.drain((event) => sendBroadcast(event, context));
  } finally {
    queue.close();
  }
}
