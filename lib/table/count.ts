import { translateThrottle } from '../backOff.ts';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { callTable } from './callTable.ts';
import type { Item } from './expressions.ts';

/**
 * Counts the items of a partition whose sort key starts with a prefix, without expired ones. It
 * stops at `most`, so that the cost does not grow with the number of items.
 */
export async function countPrefix(pk: string, prefix: string, most: number): Promise<number> {
  let count = 0;
  let after: Item | undefined;
  do {
    const input = {
      TableName: config.tableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      FilterExpression: 'attribute_not_exists(expiresAtSeconds) OR expiresAtSeconds > :now',
      ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix, ':now': nowSeconds() },
      Select: 'COUNT' as const,
      ConsistentRead: true,
      Limit: most,
      ExclusiveStartKey: after,
    };
    const { Count = 0, LastEvaluatedKey } = await translateThrottle(callTable('Query', input));
    count += Count;
    after = LastEvaluatedKey;
  } while (after && count < most);
  return Math.min(count, most);
}
