import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';

/** Does the work of some messages; answers which of them failed. */
export type Consumer = (event: { Records: SQSRecord[] }) => Promise<SQSBatchResponse>;

export interface Queue {
  /** Gives the worker what is in the queue, one message after another, and answers how many there were. */
  drain: (consumer: Consumer, waitSeconds?: number) => Promise<number>;
  close: () => void;
}

/**
 * A queue of the sandbox, read as Lambda reads it: a message whose consumer throws or reports it as failed comes again, and goes to
 * the queue of failures after as many times as the queue says. At Lambda it comes again after half an hour.
 */
export function openQueue(url: string, endpoint: string, { visibleAgainSeconds = 10 } = {}): Queue {
  const client = new SQSClient({ endpoint, useQueueUrlAsEndpoint: false });
  const place = { QueueUrl: url };

  async function take(waitSeconds: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({ ...place, WaitTimeSeconds: waitSeconds, MaxNumberOfMessages: 1 });
    return (await client.send(command)).Messages ?? [];
  }

  return {
    drain: async (consumer, waitSeconds = 0) => {
      let count = 0;
      for (let taken = await take(waitSeconds); taken.length > 0; taken = await take(waitSeconds)) {
        count += taken.length;
        const failed = await failuresOf(consumer, taken);
        const done = taken.filter(({ MessageId = '' }) => !failed.has(MessageId));
        const Entries = done.map(({ MessageId: Id, ReceiptHandle }) => ({ Id, ReceiptHandle }));
        if (Entries.length > 0) await client.send(new DeleteMessageBatchCommand({ ...place, Entries }));
        for (const { ReceiptHandle } of taken.filter((message) => !done.includes(message))) {
          const again = { ...place, ReceiptHandle, VisibilityTimeout: visibleAgainSeconds };
          await client.send(new ChangeMessageVisibilityCommand(again));
        }
      }
      return count;
    },
    close: () => client.destroy(),
  };
}

async function failuresOf(consumer: Consumer, taken: readonly Message[]): Promise<Set<string | undefined>> {
  try {
    const { batchItemFailures } = await consumer({ Records: taken.map(recordOf) });
    return new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  } catch {
    return new Set(taken.map(({ MessageId }) => MessageId));
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
