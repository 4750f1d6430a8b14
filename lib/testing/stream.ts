import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import { filterRecords } from '../../local/filterPatterns.ts';
import { openStreamOf } from '../../local/table.ts';
import { readService } from '../openapi/routes.ts';
import { loadFunction } from './invoke.ts';

/** The stream of a table, as a worker of serverless.yml sees it. */
export interface Stream {
  /** The records since the last call that the worker's filters let through. */
  take: () => Promise<DynamoDBRecord[]>;
  /**
   * Gives the worker what has happened since the last call, as Lambda does, and again from a
   * failure on; answers how often.
   */
  follow: () => Promise<number>;
}

const batchSize = 10;
const mostTries = 20;

/** Follows the stream of a table from now on, for a function of serverless.yml. */
export async function openStream(endpoint: string, tableName: string, functionName: string): Promise<Stream> {
  const worker = await loadFunction(functionName);
  await openStreamOf(endpoint, tableName);
  const client = new DynamoDBStreamsClient({ endpoint });
  const { Table } = await new DynamoDBClient({ endpoint }).send(new DescribeTableCommand({ TableName: tableName }));
  const StreamArn = Table?.LatestStreamArn;
  const patterns = patternsOf(functionName);
  const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn }));
  const shards = await Promise.all(
    (StreamDescription?.Shards ?? []).map(async ({ ShardId }) => {
      const place = { StreamArn, ShardId, ShardIteratorType: 'LATEST' as const };
      return { iterator: (await client.send(new GetShardIteratorCommand(place))).ShardIterator };
    }),
  );

  async function take(): Promise<DynamoDBRecord[]> {
    const taken: DynamoDBRecord[] = [];
    for (const shard of shards) {
      for (;;) {
        const answer = await client.send(new GetRecordsCommand({ ShardIterator: shard.iterator }));
        shard.iterator = answer.NextShardIterator ?? shard.iterator;
        taken.push(...((answer.Records ?? []) as DynamoDBRecord[]));
        if (!answer.Records?.length) break;
      }
    }
    return filterRecords(patterns, taken);
  }

  return {
    take,
    follow: async () => {
      let tries = 0;
      let records = await take();
      while (records.length > 0 && tries < mostTries) {
        tries += 1;
        const batch = records.slice(0, batchSize);
        const { batchItemFailures } = (await worker({ Records: batch })) as DynamoDBBatchResponse;
        const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
        const from = batch.findIndex(({ dynamodb }) => failed.includes(dynamodb?.SequenceNumber ?? ''));
        records = from < 0 ? [...records.slice(batchSize), ...(await take())] : records.slice(from);
      }
      return tries;
    },
  };
}

function patternsOf(functionName: string): unknown[] {
  const { events } = readService().functions[functionName] ?? {};
  const [event] = Array.isArray(events) ? events : [];
  return event?.stream?.filterPatterns ?? [];
}
