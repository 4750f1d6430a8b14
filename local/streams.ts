import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import { filterRecords } from './filterPatterns.ts';

export interface StreamEvent {
  batchSize?: number;
  parallelizationFactor?: number;
  filterPatterns?: readonly unknown[];
  bisectBatchOnFunctionError?: boolean;
  functionResponseType?: 'ReportBatchItemFailures';
  /** Unlimited by default. */
  maximumRetryAttempts?: number;
}

/** Lambda's message to the onFailure destination about records that it gave up on. */
export interface FailedBatch {
  version: '1.0';
  timestamp: string;
  requestContext: {
    requestId: string;
    functionArn: string;
    condition: 'RetryAttemptsExhausted';
    approximateInvokeCount: number;
  };
  DDBStreamBatchInfo: {
    shardId: string;
    streamArn: string;
    startSequenceNumber: string;
    endSequenceNumber: string;
    batchSize: number;
  };
}

interface FollowOptions {
  endpoint: string;
  tableName: string;
  worker: string;
  event: StreamEvent;
  invoke: (event: { Records: DynamoDBRecord[] }) => Promise<unknown>;
  park: (failed: FailedBatch) => Promise<void>;
  places: Places;
  pause?: (attempt: number) => Promise<unknown>;
}

const recordsPerRead = 1_000;
const idleMs = 250;
const mostAhead = 5_000;

/** Nine attempts take more than a minute, so the lease of a worker that died has expired. */
const backOff = (attempt: number) => setTimeout(Math.min(500 * 2 ** (attempt - 1), 30_000), undefined, { ref: false });

/** A shard of the stream, and its records that were read but are not all processed. */
interface Shard {
  iterator: string | undefined;
  /** The sequence number up to which all records are processed. */
  place: string | undefined;
  ahead: { sequence: string; isDone: boolean }[];
  lanes: { records: DynamoDBRecord[]; isBusy: boolean }[];
}

/**
 * Passes the changes of a table to a worker, as Lambda does. It filters them, forms batches, and
 * keeps the order within a partition key. Failed batches are retried with growing waits. A failed
 * read is retried from the last position. Returns a function that stops it.
 */
export function followStream({ pause = backOff, ...options }: FollowOptions): () => void {
  const { endpoint, tableName, worker, event, invoke, park, places } = options;
  const { batchSize = 100, parallelizationFactor = 1, filterPatterns = [] } = event;
  const { maximumRetryAttempts = Number.POSITIVE_INFINITY, bisectBatchOnFunctionError = false } = event;
  const [tables, streams] = [new DynamoDBClient({ endpoint }), new DynamoDBStreamsClient({ endpoint })];
  const shards = new Map<string, Shard>();
  const closed = new Set<string>();
  let streamArn = '';
  let isOver = false;
  let isFailing = false;

  async function open(): Promise<void> {
    const { Table } = await tables.send(new DescribeTableCommand({ TableName: tableName }));
    if (Table?.LatestStreamArn !== streamArn) shards.clear();
    streamArn = Table?.LatestStreamArn ?? '';
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: streamArn }));
    for (const { ShardId: id = '' } of StreamDescription?.Shards ?? []) {
      if (shards.has(id) || closed.has(placeOf(id))) continue;
      const lanes = Array.from({ length: parallelizationFactor }, () => ({ records: [], isBusy: false }));
      shards.set(id, { iterator: undefined, place: places.get(placeOf(id)), ahead: [], lanes });
    }
  }

  const placeOf = (shardId: string) => `${worker} ${streamArn} ${shardId}`;

  async function iteratorOf(ShardId: string, { place, ahead }: Shard): Promise<string | undefined> {
    const SequenceNumber = ahead.at(-1)?.sequence ?? place;
    const ShardIteratorType = SequenceNumber ? 'AFTER_SEQUENCE_NUMBER' : 'TRIM_HORIZON';
    const position = { StreamArn: streamArn, ShardId, ShardIteratorType, SequenceNumber } as const;
    return (await streams.send(new GetShardIteratorCommand(position))).ShardIterator;
  }

  async function read(id: string, shard: Shard): Promise<number> {
    if (shard.ahead.length > mostAhead) return 0;
    shard.iterator ??= await iteratorOf(id, shard);
    const command = new GetRecordsCommand({ ShardIterator: shard.iterator, Limit: recordsPerRead });
    const { Records = [], NextShardIterator } = await streams.send(command);
    shard.iterator = NextShardIterator;
    const records = Records as DynamoDBRecord[];
    const matching = new Set(filterRecords(filterPatterns, records));
    for (const record of records) {
      shard.ahead.push({ sequence: sequenceOf(record), isDone: !matching.has(record) });
      if (matching.has(record)) shard.lanes[laneOf(record, parallelizationFactor)]?.records.push(record);
    }
    settle(id, shard);
    for (const lane of shard.lanes) void work(lane, id, shard);
    if (!NextShardIterator && records.length === 0 && shard.ahead.length === 0) {
      shards.delete(id);
      closed.add(placeOf(id));
      await open();
    }
    return records.length;
  }

  async function work(lane: Shard['lanes'][number], id: string, shard: Shard): Promise<void> {
    if (lane.isBusy) return;
    lane.isBusy = true;
    while (lane.records.length > 0 && !isOver) {
      const batch = lane.records.splice(0, batchSize);
      await attempt(batch, id, 1);
      if (isOver) break;
      const done = new Set(batch.map(sequenceOf));
      for (const entry of shard.ahead) if (done.has(entry.sequence)) entry.isDone = true;
      settle(id, shard);
    }
    lane.isBusy = false;
  }

  /**
   * Runs a batch until it succeeds or is parked. As on Lambda, splitting a batch is not an attempt.
   */
  async function attempt(batch: DynamoDBRecord[], id: string, count: number): Promise<void> {
    if (isOver) return;
    const failed = await invoke({ Records: batch }).then(
      (response) => firstFailure(response, batch),
      () => 'all' as const,
    );
    if (failed === 'none') return;
    if (failed === 'all' && bisectBatchOnFunctionError && batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      await attempt(batch.slice(0, half), id, count);
      return attempt(batch.slice(half), id, count);
    }
    const from = failed === 'all' ? 0 : failed;
    const rest = batch.slice(from);
    if (from === 0 && count > maximumRetryAttempts) {
      const isParked = await park(failedBatch(rest, id, count)).then(
        () => true,
        () => false,
      );
      if (isParked) return;
    }
    await pause(count);
    return attempt(rest, id, from > 0 ? 1 : count + 1);
  }

  function failedBatch(batch: readonly DynamoDBRecord[], shardId: string, count: number): FailedBatch {
    return {
      version: '1.0',
      timestamp: new Date().toISOString(),
      requestContext: {
        requestId: randomUUID(),
        functionArn: `arn:aws:lambda:local:000000000000:function:${worker}`,
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: count,
      },
      DDBStreamBatchInfo: {
        shardId,
        streamArn,
        startSequenceNumber: sequenceOf(batch[0]),
        endSequenceNumber: sequenceOf(batch.at(-1)),
        batchSize: batch.length,
      },
    };
  }

  function settle(id: string, shard: Shard): void {
    const undone = shard.ahead.findIndex(({ isDone }) => !isDone);
    const done = shard.ahead.splice(0, undone < 0 ? shard.ahead.length : undone);
    const last = done.at(-1)?.sequence;
    if (last === undefined) return;
    shard.place = last;
    places.set(placeOf(id), last);
  }

  function recover(error: unknown): void {
    const { name } = error as Error;
    if (!isFailing) process.stderr.write(`${worker} cannot read the stream of ${tableName} (${name}); it goes on.\n`);
    isFailing = true;
    if (name === 'ResourceNotFoundException') shards.clear();
    for (const shard of shards.values()) {
      shard.iterator = undefined;
      if (name === 'TrimmedDataAccessException') Object.assign(shard, { place: undefined, ahead: [] });
    }
  }

  async function follow(): Promise<void> {
    while (!isOver) {
      let count = 0;
      try {
        if (shards.size === 0) await open();
        for (const [id, shard] of shards) count += await read(id, shard);
        isFailing = false;
      } catch (error) {
        recover(error);
      }
      if (count === 0) await setTimeout(idleMs, undefined, { ref: false });
    }
    tables.destroy();
    streams.destroy();
  }

  void follow();
  return () => {
    isOver = true;
  };
}

const sequenceOf = (record: DynamoDBRecord | undefined) => record?.dynamodb?.SequenceNumber ?? '';

function laneOf({ dynamodb }: DynamoDBRecord, lanes: number): number {
  const key = JSON.stringify(dynamodb?.Keys?.pk ?? dynamodb?.Keys);
  let sum = 0;
  for (const character of key) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % lanes;
}

/**
 * Returns the index of the first record that failed. To Lambda, an identifier outside the batch
 * means that all records failed.
 */
function firstFailure(response: unknown, batch: readonly DynamoDBRecord[]): number | 'all' | 'none' {
  const failures = (response as DynamoDBBatchResponse | null)?.batchItemFailures ?? [];
  if (failures.length === 0) return 'none';
  const places = failures.map(({ itemIdentifier }) =>
    batch.findIndex((record) => sequenceOf(record) === itemIdentifier),
  );
  return places.includes(-1) ? 'all' : Math.min(...places);
}

/** The position of each worker. The file is replaced atomically. */
export class Places {
  readonly #file: string | undefined;
  readonly #places: Record<string, string>;

  /** Without a file, positions are in memory. */
  constructor(file?: string) {
    this.#file = file;
    this.#places = file && existsSync(file) ? readPlaces(file) : {};
  }

  get(name: string): string | undefined {
    return this.#places[name];
  }

  set(name: string, place: string): void {
    this.#places[name] = place;
    if (!this.#file) return;
    writeFileSync(`${this.#file}.new`, JSON.stringify(this.#places));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** Treats a broken file as empty, because workers tolerate repeated records. */
function readPlaces(file: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
