import { BatchWriteCommand, type BatchWriteCommandInput, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { attempts, backOff, isBusy, translateThrottle } from '../backOff.ts';
import { config } from '../config/config.ts';
import { Customer } from '../customers/customerRepository.ts';
import { fail, type Language } from '../errors.ts';
import { logger } from '../logger.ts';
import type { Item } from './expressions.ts';
import { type Key, profileKey, readCustomerId } from './keys.ts';
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

/** How many items of the table one step of a broadcast looks at. */
const itemsPerStep = 1_000;

/**
 * The customers of a country or with a language, or all, in one of so many segments of the table, a part of it at a time:
 * whoever wants all of them goes on after `next`.
 */
export async function scanCustomers(
  { countryCode, language }: { countryCode?: string | undefined; language?: Language | undefined },
  { segment, of, after }: { segment: number; of: number; after: Key | undefined },
): Promise<{ customers: Customer[]; next: Key | undefined }> {
  const wanted = { ':sk': profileKey(0).sk, ':country': countryCode, ':language': language };
  const conditions = [
    'sk = :sk',
    ...(countryCode ? ['countryCode = :country'] : []),
    ...(language ? ['#language = :language'] : []),
  ];
  const command = new ScanCommand({
    TableName: config.tableName,
    Limit: itemsPerStep,
    Segment: segment,
    TotalSegments: of,
    FilterExpression: conditions.join(' AND '),
    ...(language && { ExpressionAttributeNames: { '#language': 'language' } }),
    ExpressionAttributeValues: wanted,
    ExclusiveStartKey: after && { ...after },
  });
  const { Items = [], LastEvaluatedKey } = await translateThrottle(tableClient().send(command));
  return { customers: Items.flatMap(readable), next: LastEvaluatedKey as (Key & Item) | undefined };
}

/** One customer whose item is broken must not keep the others from theirs. */
function readable(item: Item): Customer[] {
  const { data, error } = Customer.safeParse(item);
  if (error) logger().error('a customer cannot be read', { customer_id: readCustomerId(String(item.pk)) });
  return data ? [data] : [];
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
