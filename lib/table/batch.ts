import type { BatchWriteCommandInput, ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import { attempts, backOff, isBusy, translateThrottle } from '../backOff.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import { callTable } from './callTable.ts';
import type { Item } from './expressions.ts';
import type { Key } from './keys.ts';

/** Scans one page of the table or of a segment of it. The caller continues after `next`. */
export async function scanPage(
  scan: Omit<ScanCommandInput, 'TableName' | 'ExclusiveStartKey'>,
  after?: Key,
): Promise<{ items: (Key & Item)[]; next: Key | undefined }> {
  const input = { ...scan, TableName: config.tableName, ExclusiveStartKey: after && { ...after } };
  const { Items = [], LastEvaluatedKey } = await translateThrottle(callTable('Scan', input));
  return { items: Items as (Key & Item)[], next: LastEvaluatedKey as (Key & Item) | undefined };
}

/** Returns the keys of items whose sort key starts with one of the prefixes, from one page. */
export async function scanKeys(
  prefixes: readonly string[],
  after?: Key,
): Promise<{ keys: Key[]; next: Key | undefined }> {
  const scan = {
    FilterExpression: prefixes.map((_, index) => `begins_with(sk, :prefix${index})`).join(' OR '),
    ExpressionAttributeValues: Object.fromEntries(prefixes.map((prefix, index) => [`:prefix${index}`, prefix])),
    ProjectionExpression: 'pk, sk',
    ConsistentRead: true,
  };
  const { items, next } = await scanPage(scan, after);
  return { keys: items, next };
}

/**
 * Puts up to 25 items, and deletes those given without an item. The batch is not a transaction. A
 * table that has not scaled up yet accepts a part of it, so the rest is retried.
 */
export async function writeBatch(changes: readonly { key: Key; item?: object }[]): Promise<void> {
  let remaining: NonNullable<BatchWriteCommandInput['RequestItems']>[string] = changes.map(({ key, item }) =>
    item ? { PutRequest: { Item: { ...key, ...item } } } : { DeleteRequest: { Key: { ...key } } },
  );
  for (let attempt = 1; remaining.length > 0; attempt++) {
    const { UnprocessedItems } = await callTable('BatchWriteItem', {
      RequestItems: { [config.tableName]: remaining },
    }).catch((error) =>
      isBusy(error) ? { UnprocessedItems: { [config.tableName]: remaining } } : Promise.reject(error),
    );
    const unprocessed = UnprocessedItems?.[config.tableName] ?? [];
    // Progress resets the count of attempts.
    if (unprocessed.length < remaining.length) attempt = 1;
    else if (attempt === attempts) fail('throttled', { retryAfterSeconds: 1 });
    remaining = unprocessed;
    if (remaining.length > 0) await backOff(attempt);
  }
}
