import { setTimeout } from 'node:timers/promises';
import { type Consumer, openQueue } from './queue.ts';
import { sandboxEnvironment } from './sandbox/server.ts';

const waitSeconds = 5;

/**
 * Passes queued messages to the broadcast worker, as Lambda does. Returns a function that stops it.
 */
export function consumeBroadcasts(localPort: number, worker: Consumer): () => void {
  const { BROADCAST_QUEUE_URL = '', AWS_ENDPOINT_URL_SQS = '' } = sandboxEnvironment(`http://127.0.0.1:${localPort}`);
  const queue = openQueue(BROADCAST_QUEUE_URL, AWS_ENDPOINT_URL_SQS);
  let isOver = false;
  const consume = async () => {
    while (!isOver) await queue.drain(worker, waitSeconds).catch(() => setTimeout(1_000));
  };
  void consume();
  return () => {
    isOver = true;
    queue.close();
  };
}
