import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type BatchGetCommandOutput,
  DeleteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { requestHandler } from '../aws.ts';
import { nowSeconds } from '../clock.ts';
import { config } from '../config.ts';
import { fail } from '../errors.ts';
import type { Key } from './keys.ts';
import { attempts, backOff, pausing, retried } from './retries.ts';

type Item = Record<string, unknown>;

/**
 * One write, by itself or in a transaction. Expressions write attributes as `#name`, so that reserved words need no
 * care, and values as `:value`; values that no expression uses are left out, as DynamoDB wants it.
 */
export type Write = { key: Key; condition?: string; values?: Item } & (
  | { kind: 'put'; item: Item }
  | { kind: 'update'; expression: string }
  | { kind: 'delete' }
  | { kind: 'check'; condition: string }
);

/** `old` is the item as it was: before a write that was done, or as it stood in the way of one that was refused. */
export interface Written {
  done: boolean;
  old: Item | undefined;
}
/** For each write of a transaction: nothing where its condition held, else the item that stood in the way. */
export type Transacted = { done: true } | { done: false; refused: ({ old: Item | undefined } | undefined)[] };

let client: DynamoDBDocumentClient | undefined;

function table(): DynamoDBDocumentClient {
  client ??= DynamoDBDocumentClient.from(new DynamoDBClient({ requestHandler }), {
    marshallOptions: { removeUndefinedValues: true },
  });
  return client;
}

/** Reads up to 100 items in one call, strongly consistent, in the order of the keys; expired and missing ones are undefined. */
export async function readAll<const S extends readonly { key: Key; as: z.ZodType }[]>(
  wanted: S,
): Promise<{ [I in keyof S]: z.output<S[I]['as']> | undefined }> {
  const found = new Map<string, Item>();
  let keys: Item[] = wanted.map(({ key }) => ({ ...key }));
  for (let attempt = 1; keys.length > 0; attempt++) {
    const { Responses, UnprocessedKeys }: BatchGetCommandOutput = await pausing(
      table().send(new BatchGetCommand({ RequestItems: { [config.tableName]: { Keys: keys, ConsistentRead: true } } })),
    );
    for (const item of Responses?.[config.tableName] ?? []) found.set(`${item.pk} ${item.sk}`, item);
    keys = UnprocessedKeys?.[config.tableName]?.Keys ?? [];
    if (keys.length > 0 && attempt === attempts) fail('throttled', { retryAfterSeconds: 1 });
    if (keys.length > 0) await backOff(attempt);
  }
  return wanted.map(({ key, as }) => parse(as, found.get(`${key.pk} ${key.sk}`))) as never;
}

/** All items of a partition whose sort key starts with a prefix, strongly consistent, in the order of their keys. */
export async function readPrefix<S extends z.ZodType>(pk: string, prefix: string, as: S): Promise<z.output<S>[]> {
  return (await readRaw(pk, prefix)).flatMap((item) => parse(as, item) ?? []);
}

/** The same, unparsed, and with those items that have expired but have not been deleted yet. */
export async function readRaw(pk: string, prefix = ''): Promise<(Key & Item)[]> {
  const items: (Key & Item)[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const query = new QueryCommand({
      TableName: config.tableName,
      KeyConditionExpression: prefix ? 'pk = :pk AND begins_with(sk, :prefix)' : 'pk = :pk',
      ExpressionAttributeValues: prefix ? { ':pk': pk, ':prefix': prefix } : { ':pk': pk },
      ConsistentRead: true,
      ...(from && { ExclusiveStartKey: from }),
    });
    const page = await pausing(table().send(query));
    items.push(...((page.Items ?? []) as (Key & Item)[]));
    from = page.LastEvaluatedKey;
  } while (from);
  return items;
}

/** Makes one conditional write. A condition that does not hold is an answer, not an error. */
export async function write(change: Write & { kind: 'put' | 'update' | 'delete' }): Promise<Written> {
  const input = { ...shared(change), ReturnValues: 'ALL_OLD' as const };
  return retried(async () => {
    try {
      const { Attributes } = await (change.kind === 'put'
        ? table().send(new PutCommand({ ...input, Item: { ...change.key, ...change.item } }))
        : change.kind === 'update'
          ? table().send(new UpdateCommand({ ...input, Key: { ...change.key }, UpdateExpression: change.expression }))
          : table().send(new DeleteCommand({ ...input, Key: { ...change.key } })));
      return { done: true, old: Attributes };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        return { done: false, old: error.Item && unmarshall(error.Item) };
      }
      throw error;
    }
  });
}

/**
 * Makes up to 100 writes together or none. A retry after a lost answer does not repeat them: all tries of one call
 * share one ClientRequestToken.
 */
export async function transact(changes: readonly Write[]): Promise<Transacted> {
  const input = {
    TransactItems: changes.map((change) => {
      const { key, kind } = change;
      if (kind === 'put') return { Put: { ...shared(change), Item: { ...key, ...change.item } } };
      if (kind === 'delete') return { Delete: { ...shared(change), Key: { ...key } } };
      if (kind === 'check') {
        return { ConditionCheck: { ...shared(change), Key: { ...key }, ConditionExpression: change.condition } };
      }
      return { Update: { ...shared(change), Key: { ...key }, UpdateExpression: change.expression } };
    }),
    ClientRequestToken: crypto.randomUUID(),
  };
  return retried(async () => {
    try {
      await table().send(new TransactWriteCommand(input));
      return { done: true };
    } catch (error) {
      const reasons = error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []) : [];
      if (!reasons.some(({ Code }) => Code === 'ConditionalCheckFailed')) throw error;
      const refused = reasons.map(({ Code, Item }) =>
        Code === 'ConditionalCheckFailed' ? { old: Item && unmarshall(Item) } : undefined,
      );
      return { done: false, refused };
    }
  });
}

/** What every kind of write has: the table, the condition, and those names and values that its expressions use. */
function shared({ condition, values = {}, ...change }: Write) {
  const expressions = `${condition ?? ''} ${change.kind === 'update' ? change.expression : ''}`;
  const names = Object.fromEntries(
    Array.from(expressions.matchAll(/#(\w+)/g), ([placeholder, name]) => [placeholder, name]),
  );
  const used = Object.fromEntries(Array.from(expressions.matchAll(/:\w+/g), ([name]) => [name, values[name]]));
  return {
    TableName: config.tableName,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    ...(condition && { ConditionExpression: condition }),
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names as Record<string, string> }),
    ...(Object.keys(used).length > 0 && { ExpressionAttributeValues: used }),
  };
}

/** DynamoDB deletes expired items up to days late, so whoever reads checks as well. */
function parse<S extends z.ZodType>(schema: S, item: Item | undefined): z.output<S> | undefined {
  if (!item) return undefined;
  const expiresAtSeconds = z.number().optional().parse(item.expiresAtSeconds);
  if (expiresAtSeconds !== undefined && expiresAtSeconds <= nowSeconds()) return undefined;
  return schema.parse(item);
}
