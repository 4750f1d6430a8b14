import { setTimeout } from 'node:timers/promises';
import { type Consumer, openQueue } from './queue.ts';
import { sandboxEnvironment } from './sandbox/server.ts';

const waitSeconds = 5;

/** Brings what is in the queue of broadcasts to its worker, as Lambda does, until it is told to stop. */
export function consumeBroadcasts(
  { localPort, lambdaPort }: { localPort: number; lambdaPort: number },
  worker: string,
): () => void {
  const { BROADCAST_QUEUE_URL = '', AWS_ENDPOINT_URL_SQS = '' } = sandboxEnvironment(`http://127.0.0.1:${localPort}`);
  const queue = openQueue(BROADCAST_QUEUE_URL, AWS_ENDPOINT_URL_SQS);
  const url = `http://127.0.0.1:${lambdaPort}/2015-03-31/functions/${worker}/invocations`;
  const invoke: Consumer = async (event) => {
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(event) });
    return answer.json() as ReturnType<Consumer>;
  };
  let isOver = false;
  const consume = async () => {
    // A worker that failed is given the same again when the queue brings it back.
    while (!isOver) await queue.drain(invoke, waitSeconds).catch(() => setTimeout(1_000));
  };
  void consume();
  return () => {
    isOver = true;
    queue.close();
  };
}
