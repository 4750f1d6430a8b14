import * as z from 'zod';
import { attempts, backOff, retryConflicts, translateThrottle } from '../backOff.ts';
import { nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import { callTable } from './callTable.ts';
import { type Item, type TransactionResult, toExpressions, type Write, type WriteResult } from './expressions.ts';
import type { Key } from './keys.ts';
import { TableError } from './tableError.ts';

/**
 * Reads up to 100 items with strong consistency. Returns them in the order of the keys, with
 * undefined for an item that is missing or has expired.
 */
export async function readAll<const S extends readonly { key: Key; as: z.ZodType }[]>(
  reads: S,
): Promise<{ [I in keyof S]: z.output<S[I]['as']> | undefined }> {
  const found = new Map<string, Item>();
  let keys: Item[] = reads.map(({ key }) => ({ ...key }));
  for (let attempt = 1; keys.length > 0; attempt++) {
    const { Responses, UnprocessedKeys } = await translateThrottle(
      callTable('BatchGetItem', { RequestItems: { [config.tableName]: { Keys: keys, ConsistentRead: true } } }),
    );
    for (const item of Responses?.[config.tableName] ?? []) found.set(`${item.pk} ${item.sk}`, item);
    keys = UnprocessedKeys?.[config.tableName]?.Keys ?? [];
    if (keys.length > 0 && attempt === attempts) fail('throttled', { retryAfterSeconds: 1 });
    if (keys.length > 0) await backOff(attempt);
  }
  return reads.map(({ key, as }) => parse(as, found.get(`${key.pk} ${key.sk}`))) as never;
}

/**
 * Returns all items of a partition whose sort key starts with a prefix, in key order. The read is
 * strongly consistent.
 */
export async function readPrefix<S extends z.ZodType>(pk: string, prefix: string, as: S): Promise<z.output<S>[]> {
  return (await readRaw(pk, prefix)).flatMap((item) => parse(as, item) ?? []);
}

/** Returns the same items unparsed, including expired ones that DynamoDB has not deleted yet. */
export async function readRaw(pk: string, prefix = ''): Promise<(Key & Item)[]> {
  const items: (Key & Item)[] = [];
  for await (const item of readEachRaw(pk, { prefix })) items.push(item);
  return items;
}

/** Yields raw items page by page, so that the caller can stop early. `behind` is exclusive. */
export async function* readEachRaw(
  pk: string,
  { prefix = '', behind }: { prefix?: string; behind?: string | undefined },
): AsyncGenerator<Key & Item> {
  let after: Item | undefined = behind === undefined ? undefined : { pk, sk: behind };
  do {
    const page = await query(pk, { from: prefix || ' ', to: `${prefix}\uffff`, after });
    yield* page.items as (Key & Item)[];
    after = page.next;
  } while (after);
}

/**
 * Returns the first items of a range of sort keys, or the last ones when descending. Expired items
 * do not count. The read is strongly consistent.
 */
export async function readRange<S extends z.ZodType>(pk: string, range: Range, as: S): Promise<z.output<S>[]> {
  const { limit = Number.POSITIVE_INFINITY } = range;
  const found: z.output<S>[] = [];
  for await (const item of readEach(pk, range, as)) if (found.push(item) >= limit) break;
  return found;
}

/** Yields the items of a range page by page, so that the caller can stop early. */
export async function* readEach<S extends z.ZodType>(pk: string, range: Range, as: S): AsyncGenerator<z.output<S>> {
  let after: Item | undefined;
  do {
    // The next item may follow many expired ones, so later pages have a size of their own.
    const page = await query(pk, { ...range, after, ...(after && { limit: mostSkipped }) });
    yield* page.items.flatMap((item) => parse(as, item) ?? []);
    after = page.next;
  } while (after);
}

const mostSkipped = 500;

interface Range {
  /** Lowest and highest sort key, both inclusive. */
  from: string;
  to: string;
  descending?: boolean;
  limit?: number;
}

async function query(pk: string, { from, to, descending = false, limit, after }: Range & { after?: Item | undefined }) {
  const input = {
    TableName: config.tableName,
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':pk': pk, ':from': from, ':to': to },
    ScanIndexForward: !descending,
    Limit: limit,
    ConsistentRead: true,
    ExclusiveStartKey: after,
  };
  const { Items: items = [], LastEvaluatedKey: next } = await translateThrottle(callTable('Query', input));
  return { items, next };
}

/** Makes one conditional write. A failed condition is a result, not an error. */
export async function write(change: Write & { kind: 'put' | 'update' | 'delete' }): Promise<WriteResult> {
  const input = { ...inTable(change), ReturnValues: 'ALL_OLD' as const };
  return retryConflicts(async () => {
    try {
      const { Attributes } = await (change.kind === 'put'
        ? callTable('PutItem', { ...input, Item: { ...change.key, ...change.item } })
        : change.kind === 'update'
          ? callTable('UpdateItem', { ...input, Key: { ...change.key }, UpdateExpression: change.expression })
          : callTable('DeleteItem', { ...input, Key: { ...change.key } }));
      return { done: true, old: Attributes };
    } catch (error) {
      const isRejected = error instanceof TableError && error.name === 'ConditionalCheckFailedException';
      if (!isRejected) throw error;
      return { done: false, old: error.item };
    }
  });
}

/**
 * Makes up to 100 writes in one transaction. All attempts share one ClientRequestToken, so a retry
 * after a lost response does not write twice.
 */
export async function transact(changes: readonly Write[]): Promise<TransactionResult> {
  const input = {
    TransactItems: changes.map((change) => {
      const { key, kind } = change;
      if (kind === 'put') return { Put: { ...inTable(change), Item: { ...key, ...change.item } } };
      if (kind === 'delete') return { Delete: { ...inTable(change), Key: { ...key } } };
      if (kind === 'check') {
        return { ConditionCheck: { ...inTable(change), Key: { ...key }, ConditionExpression: change.condition } };
      }
      return { Update: { ...inTable(change), Key: { ...key }, UpdateExpression: change.expression } };
    }),
    ClientRequestToken: crypto.randomUUID(),
  };
  return retryConflicts(async () => {
    try {
      await callTable('TransactWriteItems', input);
      return { done: true };
    } catch (error) {
      const reasons = error instanceof TableError ? error.cancellationReasons : [];
      const isRejected = ({ code }: { code: string }) => code === 'ConditionalCheckFailed';
      if (!reasons.some(isRejected)) throw error;
      const rejected = reasons.map((reason) => (isRejected(reason) ? { old: reason.item } : undefined));
      return { done: false, rejected };
    }
  });
}

function inTable(change: Write) {
  return { TableName: config.tableName, ...toExpressions(change) };
}

/** Parses an item and skips it if it has expired: DynamoDB deletes expired items days late. */
function parse<S extends z.ZodType>(schema: S, item: Item | undefined): z.output<S> | undefined {
  if (!item) return undefined;
  const expiresAtSeconds = z.number().optional().parse(item.expiresAtSeconds);
  if (expiresAtSeconds !== undefined && expiresAtSeconds <= nowSeconds()) return undefined;
  return schema.parse(item);
}
