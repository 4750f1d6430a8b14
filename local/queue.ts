import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';

/** Does the work of some messages; answers which of them failed. */
export type Consumer = (event: { Records: SQSRecord[] }) => Promise<SQSBatchResponse>;

export interface Queue {
  /** Gives the worker what is in the queue, one message after another, and answers how many there were. */
  drain: (consumer: Consumer, waitSeconds?: number) => Promise<number>;
  close: () => void;
}

/** A queue of the sandbox, read as Lambda reads it: a message that is reported as failed stays, and comes again later. */
export function openQueue(url: string, endpoint: string): Queue {
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
        const { batchItemFailures } = await consumer({ Records: taken.map(recordOf) });
        const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
        const Entries = taken
          .filter(({ MessageId = '' }) => !failed.has(MessageId))
          .map(({ MessageId: Id, ReceiptHandle }) => ({ Id, ReceiptHandle }));
        if (Entries.length > 0) await client.send(new DeleteMessageBatchCommand({ ...place, Entries }));
      }
      return count;
    },
    close: () => client.destroy(),
  };
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
