import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { readBroadcastQueue } from '../lib/openapi/routes.ts';
import { useWorld } from '../lib/testing/stage/world.ts';
import { openQueue } from './queue.ts';

const world = useWorld({ seed: [] });

async function send(body: object): Promise<void> {
  const client = new SQSClient({ endpoint: process.env.AWS_ENDPOINT_URL_SQS ?? '', useQueueUrlAsEndpoint: false });
  await client.send(
    new SendMessageCommand({ QueueUrl: process.env.BROADCAST_QUEUE_URL ?? '', MessageBody: JSON.stringify(body) }),
  );
  client.destroy();
}
const open = () =>
  openQueue(process.env.BROADCAST_QUEUE_URL ?? '', process.env.AWS_ENDPOINT_URL_SQS ?? '', { visibleAgainSeconds: 0 });

test('a message whose worker fails is delivered again, and deleted once the worker succeeds', async () => {
  await send({ part: 1 });
  const queue = open();
  let attempts = 0;
  await queue.drain(async ({ Records }) => {
    attempts += 1;
    if (attempts === 1) throw new Error('SNS is away.');
    const failed = attempts === 2 ? Records.map(({ messageId: itemIdentifier }) => ({ itemIdentifier })) : [];
    return { batchItemFailures: failed };
  });
  queue.close();
  expect(attempts).toBe(3);
  expect((await world.sandbox.failures()).broadcasts).toEqual([]);
});

test('a message that fails as often as the queue allows is listed among the failures', async () => {
  await send({ part: 2 });
  const queue = open();
  const attempts = await queue.drain(async () => {
    throw new Error('SNS is away for good.');
  });
  queue.close();
  expect(attempts).toBe(readBroadcastQueue().maxReceiveCount);
  expect((await world.sandbox.failures()).broadcasts).toEqual([{ part: 2 }]);
});

test('a change that is no longer retried is listed among the failures', async () => {
  await world.sandbox.park({ DDBStreamBatchInfo: { startSequenceNumber: '7' } });
  expect((await world.sandbox.failures()).changes).toEqual([{ DDBStreamBatchInfo: { startSequenceNumber: '7' } }]);
});
