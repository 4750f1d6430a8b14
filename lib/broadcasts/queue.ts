import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { requestHandler } from '../aws/timeouts.ts';
import { config } from '../config/config.ts';

let client: SQSClient | undefined;

/** The limit of SQS for one batch. */
const batchSize = 10;

/** Enqueues work for the parts of broadcasts, each as JSON. A message may arrive more than once. */
export async function enqueue(messages: readonly object[]): Promise<void> {
  client ??= new SQSClient({ requestHandler, useQueueUrlAsEndpoint: false });
  for (let start = 0; start < messages.length; start += batchSize) {
    const Entries = messages
      .slice(start, start + batchSize)
      .map((message, index) => ({ Id: String(index), MessageBody: JSON.stringify(message) }));
    const { Failed = [] } = await client.send(
      new SendMessageBatchCommand({ QueueUrl: config.broadcastQueueUrl, Entries }),
    );
    if (Failed.length > 0) throw new Error(`SQS did not take ${Failed.length} messages.`);
  }
}
