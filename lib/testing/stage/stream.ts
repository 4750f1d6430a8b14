import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import { filterRecords } from '../../../local/filterPatterns.ts';
import { openStreamOf } from '../../../local/table.ts';
import { readStream } from '../../openapi/routes.ts';
import { loadFunction } from './invoke.ts';

/** The stream of a table as one worker of serverless.yml sees it. */
export interface Stream {
  /** Returns the records since the last call that pass the worker's filters. */
  take: () => Promise<DynamoDBRecord[]>;
  /**
   * Gives the worker the records since the last call in batches, as Lambda does. It retries from
   * the first failed record. Returns the number of attempts.
   */
  follow: () => Promise<number>;
}

const batchSize = 10;
const mostAttempts = 20;

/** Follows the stream of a table from now on, for one function of serverless.yml. */
export async function openStream(endpoint: string, tableName: string, functionName: string): Promise<Stream> {
  const worker = await loadFunction(functionName);
  await openStreamOf(endpoint, tableName);
  const client = new DynamoDBStreamsClient({ endpoint });
  const { Table } = await new DynamoDBClient({ endpoint }).send(new DescribeTableCommand({ TableName: tableName }));
  const StreamArn = Table?.LatestStreamArn;
  const { filterPatterns } = readStream<{ filterPatterns: unknown[] }>(functionName);
  const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn }));
  const shards = await Promise.all(
    (StreamDescription?.Shards ?? []).map(async ({ ShardId }) => {
      const start = { StreamArn, ShardId, ShardIteratorType: 'LATEST' as const };
      return { iterator: (await client.send(new GetShardIteratorCommand(start))).ShardIterator };
    }),
  );

  async function take(): Promise<DynamoDBRecord[]> {
    const records: DynamoDBRecord[] = [];
    for (const shard of shards) {
      for (;;) {
        const response = await client.send(new GetRecordsCommand({ ShardIterator: shard.iterator }));
        shard.iterator = response.NextShardIterator ?? shard.iterator;
        records.push(...((response.Records ?? []) as DynamoDBRecord[]));
        if (!response.Records?.length) break;
      }
    }
    return filterRecords(filterPatterns, records);
  }

  return {
    take,
    follow: async () => {
      let attempts = 0;
      let records = await take();
      while (records.length > 0 && attempts < mostAttempts) {
        attempts += 1;
        const batch = records.slice(0, batchSize);
        const { batchItemFailures } = (await worker({ Records: batch })) as DynamoDBBatchResponse;
        const failed = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
        const from = batch.findIndex(({ dynamodb }) => failed.includes(dynamodb?.SequenceNumber ?? ''));
        records = from < 0 ? [...records.slice(batchSize), ...(await take())] : records.slice(from);
      }
      return attempts;
    },
  };
}

async function failClosed(): Promise<never> {
  throw new Error('The streams of the workers are not open yet.');
}
const closed: Stream = { take: failClosed, follow: failClosed };

/**
 * Opens the streams of the workers that follow customers and deliver pushes, for the tests of a
 * file. Each test starts without records of the one before.
 */
export function useWorkers(world: { openStream: (functionName: string) => Promise<Stream> }) {
  const workers = { changes: closed, news: closed };
  beforeAll(async () => {
    workers.changes = await world.openStream('followUp');
    workers.news = await world.openStream('deliverPush');
  });
  afterEach(async () => {
    await workers.changes.take();
    await workers.news.take();
  });
  return workers;
}
