import { BatchWriteCommand, type BatchWriteCommandInput, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { attempts, backOff, isBusy, translateThrottle } from '../backOff.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import type { Item } from './expressions.ts';
import type { Key } from './keys.ts';
import { tableClient } from './table.ts';

/** The keys of items whose sort key starts with one of these, a part of the table at a time, for it reads everything. */
export async function scanKeys(
  prefixes: readonly string[],
  after?: Key,
): Promise<{ keys: Key[]; next: Key | undefined }> {
  const command = new ScanCommand({
    TableName: config.tableName,
    FilterExpression: prefixes.map((_, index) => `begins_with(sk, :prefix${index})`).join(' OR '),
    ExpressionAttributeValues: Object.fromEntries(prefixes.map((prefix, index) => [`:prefix${index}`, prefix])),
    ProjectionExpression: 'pk, sk',
    ConsistentRead: true,
    ExclusiveStartKey: after && { ...after },
  });
  const { Items = [], LastEvaluatedKey } = await translateThrottle(tableClient().send(command));
  return { keys: Items as (Key & Item)[], next: LastEvaluatedKey as (Key & Item) | undefined };
}

/**
 * Puts up to 25 items, or deletes those that come without one, each by itself. A table that has not grown with its load yet
 * takes them in parts; whoever loads data can wait for that.
 */
export async function writeBatch(changes: readonly { key: Key; item?: object }[]): Promise<void> {
  let left: NonNullable<BatchWriteCommandInput['RequestItems']>[string] = changes.map(({ key, item }) =>
    item ? { PutRequest: { Item: { ...key, ...item } } } : { DeleteRequest: { Key: { ...key } } },
  );
  for (let attempt = 1; left.length > 0; attempt++) {
    const { UnprocessedItems } = await tableClient()
      .send(new BatchWriteCommand({ RequestItems: { [config.tableName]: left } }))
      .catch((error) => (isBusy(error) ? { UnprocessedItems: { [config.tableName]: left } } : Promise.reject(error)));
    const refused = UnprocessedItems?.[config.tableName] ?? [];
    // As long as something gets through, so will the rest.
    if (refused.length < left.length) attempt = 1;
    else if (attempt === attempts) fail('throttled', { retryAfterSeconds: 1 });
    left = refused;
    if (left.length > 0) await backOff(attempt);
  }
}
