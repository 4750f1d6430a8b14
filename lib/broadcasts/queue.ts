import * as z from 'zod';
import { signedFetch } from '../aws/signedFetch.ts';
import { config } from '../config/config.ts';

/** The limit of SQS for one batch. */
const batchSize = 10;
const timeoutMs = 4_000;

const BatchResponse = z.object({ Failed: z.array(z.unknown()).default([]) });

/**
 * Enqueues work for the parts of broadcasts, each as JSON. A message may arrive more than once.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
 */
export async function enqueue(messages: readonly object[]): Promise<void> {
  for (let start = 0; start < messages.length; start += batchSize) {
    const Entries = messages
      .slice(start, start + batchSize)
      .map((message, index) => ({ Id: String(index), MessageBody: JSON.stringify(message) }));
    const response = await signedFetch('sqs', '/', {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessageBatch' },
      body: JSON.stringify({ QueueUrl: config.broadcastQueueUrl, Entries }),
      timeoutMs,
    });
    const { Failed } = BatchResponse.parse(JSON.parse(response));
    if (Failed.length > 0) throw new Error(`SQS did not take ${Failed.length} messages.`);
  }
}
