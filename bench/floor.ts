import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { TableCall } from './recorder.ts';

const send = {
  BatchGetItem: (client: DynamoDBClient, input: never) => client.send(new BatchGetItemCommand(input)),
  DeleteItem: (client: DynamoDBClient, input: never) => client.send(new DeleteItemCommand(input)),
  PutItem: (client: DynamoDBClient, input: never) => client.send(new PutItemCommand(input)),
  Query: (client: DynamoDBClient, input: never) => client.send(new QueryCommand(input)),
  TransactWriteItems: (client: DynamoDBClient, input: never) => client.send(new TransactWriteItemsCommand(input)),
  UpdateItem: (client: DynamoDBClient, input: never) => client.send(new UpdateItemCommand(input)),
};

type Operation = keyof typeof send;
type Part = Record<string, unknown>;

/** The calls of one request. Parallel calls are grouped. */
export type Chain = { operation: Operation; input: Part }[][];

/**
 * Converts recorded calls into a repeatable chain. It omits conditions, because they hold only
 * once.
 */
export function chainOf(calls: readonly TableCall[]): Chain {
  const chain: Chain = [];
  let endedAtMs = Number.NEGATIVE_INFINITY;
  for (const call of calls.toSorted((a, b) => a.startedAtMs - b.startedAtMs)) {
    const isLater = call.startedAtMs >= endedAtMs;
    if (isLater) chain.push([]);
    endedAtMs = isLater ? call.endedAtMs : Math.min(endedAtMs, call.endedAtMs);
    chain.at(-1)?.push({ operation: call.operation as Operation, input: makeRepeatable(JSON.parse(call.body)) });
  }
  return chain;
}

function makeRepeatable({ TransactItems, ...single }: Part): Part {
  if (!Array.isArray(TransactItems)) return withoutCondition(single);
  const items = TransactItems.map((item: Record<string, Part>) =>
    Object.fromEntries(Object.entries(item).map(([kind, part]) => [kind, withoutCondition(part, kind)])),
  );
  return { TransactItems: items };
}

function withoutCondition(part: Part, kind?: string): Part {
  const { ConditionExpression: _, ReturnValuesOnConditionCheckFailure: __, ...rest } = part;
  const { ExpressionAttributeNames, ExpressionAttributeValues, ...plain } = rest;
  if (kind === 'ConditionCheck') {
    return { ...plain, ConditionExpression: 'attribute_exists(pk) OR attribute_not_exists(pk)' };
  }
  const expressions = Object.entries(plain)
    .filter(([field]) => field.endsWith('Expression'))
    .map(([, text]) => String(text))
    .join(' ');
  const selectUsed = (all: unknown) => {
    const entries = Object.entries(all ?? {}).filter(([name]) => new RegExp(`${name}\\b`).test(expressions));
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  };
  return {
    ...plain,
    ExpressionAttributeNames: selectUsed(ExpressionAttributeNames),
    ExpressionAttributeValues: selectUsed(ExpressionAttributeValues),
  };
}

/**
 * Starts a bare client that repeats a chain, and its SMS if there was one. Any implementation of
 * ours has to wait that long.
 */
export function startFloor(): (chain: Chain, smsTo?: string) => Promise<void> {
  const [dynamodb, sns] = [new DynamoDBClient({}), new SNSClient({})];
  return async (chain, smsTo) => {
    for (const together of chain) {
      await Promise.all(together.map(({ operation, input }) => send[operation](dynamodb, input as never)));
    }
    if (smsTo) await sns.send(new PublishCommand({ PhoneNumber: smsTo, Message: 'Your code is 123456' }));
  };
}
