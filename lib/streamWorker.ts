import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { AttributeValue, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { loggable, logger } from './logger.ts';
import type { Key } from './repositories/keys.ts';
import type { Item } from './repositories/writes.ts';

/** A change of an item, as the table's stream tells it. */
export interface Change {
  key: Key;
  before: Item | undefined;
  after: Item | undefined;
}

export type StreamWorker = (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>;

/**
 * Makes the Lambda handler of a worker that follows the table's stream. Changes of one partition are followed one after another,
 * those of several side by side. What fails is reported, and Lambda sends it again from there: whatever follows a change must
 * bear being repeated.
 */
export function streamWorker(follow: (change: Change) => Promise<void>): StreamWorker {
  return async ({ Records }) => {
    const partitions = Map.groupBy(Records, ({ dynamodb }) => dynamodb?.Keys?.pk?.S);
    const failed = await Promise.all(Array.from(partitions.values(), (records) => followInTurn(records, follow)));
    return { batchItemFailures: failed.flat().map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** Answers the sequence number of the change that failed. */
async function followInTurn(
  records: readonly DynamoDBRecord[],
  follow: (change: Change) => Promise<void>,
): Promise<string[]> {
  for (const { dynamodb = {}, eventID } of records) {
    try {
      const [key, before, after] = [dynamodb.Keys, dynamodb.OldImage, dynamodb.NewImage].map(itemOf);
      await follow({ key: key as Item & Key, before, after });
    } catch (error) {
      logger().error('a change could not be followed', { event_id: eventID, error: loggable(error) });
      return [dynamodb.SequenceNumber ?? ''];
    }
  }
  return [];
}

function itemOf(image: Record<string, AttributeValue> | undefined): Item | undefined {
  return image && unmarshall(image as Parameters<typeof unmarshall>[0]);
}
