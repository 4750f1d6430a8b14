import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';

export type Consumer = (event: { Records: SQSRecord[] }) => Promise<SQSBatchResponse>;

export interface Queue {
  /** Passes the queued messages to the consumer, one at a time. Returns the number of messages. */
  drain: (consumer: Consumer, waitSeconds?: number) => Promise<number>;
  close: () => void;
}

/**
 * Opens a queue of the sandbox, and consumes it as Lambda does. A failed message returns to the
 * queue until the receive limit, and then moves to the failure queue. Deployed queues wait half an
 * hour before each retry.
 */
export function openQueue(url: string, endpoint: string, { visibleAgainSeconds = 10 } = {}): Queue {
  const client = new SQSClient({ endpoint, useQueueUrlAsEndpoint: false });
  const queue = { QueueUrl: url };

  async function receive(waitSeconds: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({ ...queue, WaitTimeSeconds: waitSeconds, MaxNumberOfMessages: 1 });
    return (await client.send(command)).Messages ?? [];
  }

  return {
    drain: async (consumer, waitSeconds = 0) => {
      let count = 0;
      for (let messages = await receive(waitSeconds); messages.length > 0; messages = await receive(waitSeconds)) {
        count += messages.length;
        const failed = await failuresOf(consumer, messages);
        const done = messages.filter(({ MessageId = '' }) => !failed.has(MessageId));
        const Entries = done.map(({ MessageId: Id, ReceiptHandle }) => ({ Id, ReceiptHandle }));
        if (Entries.length > 0) await client.send(new DeleteMessageBatchCommand({ ...queue, Entries }));
        for (const { ReceiptHandle } of messages.filter((message) => !done.includes(message))) {
          const again = { ...queue, ReceiptHandle, VisibilityTimeout: visibleAgainSeconds };
          await client.send(new ChangeMessageVisibilityCommand(again));
        }
      }
      return count;
    },
    close: () => client.destroy(),
  };
}

async function failuresOf(consumer: Consumer, messages: readonly Message[]): Promise<Set<string | undefined>> {
  try {
    const { batchItemFailures } = await consumer({ Records: messages.map(recordOf) });
    return new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  } catch {
    return new Set(messages.map(({ MessageId }) => MessageId));
  }
}

function recordOf({ MessageId = '', ReceiptHandle = '', Body = '' }: Message): SQSRecord {
  const unused = { attributes: {}, messageAttributes: {}, md5OfBody: '', eventSourceARN: '', awsRegion: '' };
  return {
    ...unused,
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    eventSource: 'aws:sqs',
  } as SQSRecord;
}
