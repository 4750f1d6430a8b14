import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { AttributeValue, DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { loggable, logger } from '../logger.ts';
import type { Item } from './expressions.ts';
import type { Key } from './keys.ts';

export interface Change {
  key: Key;
  before: Item | undefined;
  after: Item | undefined;
}

type StreamWorker = (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>;

/**
 * Makes the Lambda handler of a worker that follows the table's stream.
 *
 * Followers act on the current state of the table, so the order of changes does not matter, and a
 * failed change holds up no other. Changes of one item run in turn, because parallel followers of
 * one item would conflict. Lambda retries a batch from its first failed change, so a follower must
 * be repeatable.
 */
export function streamWorker(follow: (change: Change) => Promise<void>): StreamWorker {
  return async ({ Records }) => {
    const items = Map.groupBy(Records, ({ dynamodb }) => `${dynamodb?.Keys?.pk?.S} ${dynamodb?.Keys?.sk?.S}`);
    const failed = await Promise.all(Array.from(items.values(), (records) => followInTurn(records, follow)));
    return { batchItemFailures: failed.flat().map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

async function followInTurn(
  records: readonly DynamoDBRecord[],
  follow: (change: Change) => Promise<void>,
): Promise<string[]> {
  const failed: string[] = [];
  for (const { dynamodb = {}, eventID } of records) {
    try {
      const [key, before, after] = [dynamodb.Keys, dynamodb.OldImage, dynamodb.NewImage].map(itemOf);
      await follow({ key: key as Item & Key, before, after });
    } catch (error) {
      logger.error('stream_change_failed', { event_id: eventID, error: loggable(error) });
      failed.push(dynamodb.SequenceNumber ?? '');
    }
  }
  return failed;
}

function itemOf(image: Record<string, AttributeValue> | undefined): Item | undefined {
  return image && unmarshall(image as Parameters<typeof unmarshall>[0]);
}
