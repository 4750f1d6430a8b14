import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBRecord } from 'aws-lambda';
import { config } from '../lib/config/config.ts';
import { readStream } from '../lib/openapi/routes.ts';
import { writeAll } from '../lib/table/writeMany.ts';
import { invoke } from '../lib/testing/stage/invoke.ts';
import { notifyOf } from '../lib/testing/stage/notifications.ts';
import { signIn } from '../lib/testing/stage/signIn.ts';
import { useWorld } from '../lib/testing/stage/world.ts';
import { type FailedBatch, followStream, Places, type StreamEvent } from './streams.ts';
import { openStreamOf } from './table.ts';

const world = useWorld();
const stops: (() => void)[] = [];
beforeAll(() => openStreamOf(world.engine.target, config.tableName));
function stopAll(): void {
  for (const stop of stops.splice(0)) stop();
}
afterEach(stopAll);

const every = { batchSize: 10, parallelizationFactor: 1, bisectBatchOnFunctionError: true, maximumRetryAttempts: 8 };
const keyOf = ({ dynamodb }: DynamoDBRecord) => dynamodb?.Keys?.sk?.S ?? '';
const newFile = () => join(mkdtempSync(join(tmpdir(), 'customer-backend-')), 'stream.json');
const itemsOf = (pk: string, count: number, sk = 'item') =>
  Array.from({ length: count }, (_, index) => ({ key: { pk, sk: `${sk}-${index}` }, item: {} }));
/** Returns the stream of one partition, so that tests do not see each other's changes. */
const streamEventOf = (pk: string): StreamEvent => ({
  ...every,
  filterPatterns: [{ dynamodb: { Keys: { pk: { S: [pk] } } } }],
});

interface Following {
  event: StreamEvent;
  work: (records: DynamoDBRecord[]) => unknown;
  places?: Places;
  pause?: (attempt: number) => Promise<unknown>;
}

/** Follows the stream. Resolves with a parked batch, or with undefined once `work` returns true. */
function follow({ event, work, places = new Places(), pause = async () => undefined }: Following) {
  const { promise, resolve } = Promise.withResolvers<FailedBatch | undefined>();
  const stop = followStream({
    endpoint: world.engine.url,
    tableName: config.tableName,
    worker: 'worker',
    event,
    invoke: async ({ Records }) => {
      const response = await work(Records);
      if (response === true) resolve(undefined);
      return response === true ? { batchItemFailures: [] } : response;
    },
    park: async (failed) => resolve(failed),
    places,
    pause,
  });
  stops.push(stop);
  return promise;
}

test('a push that SNS rejects is sent once SNS works again', async () => {
  const { customer, registrationId } = await signIn(world, { registrationId: 'retried-token' });
  const isPushed = () => world.sandbox.messages.list(registrationId).length > 0;
  const attempts: number[] = [];
  world.sandbox.faults.internal_error = true;
  const done = follow({
    event: readStream<StreamEvent>('deliverPush'),
    work: async (Records) => {
      const response = await invoke('deliverPush', { Records });
      return isPushed() || response;
    },
    pause: async (attempt) => {
      attempts.push(attempt);
      if (attempt === 3) world.sandbox.faults.internal_error = false;
    },
  });
  await notifyOf(customer.id);
  expect(await done).toBeUndefined();
  expect(attempts).toEqual([1, 2, 3]);
  expect(world.sandbox.messages.list(registrationId)).toHaveLength(1);
});

test('a change that fails in nine attempts is parked alone, and its neighbors are processed once', async () => {
  const times = new Map<string, number>();
  const work = (records: DynamoDBRecord[]) => {
    if (records.some((record) => keyOf(record) === 'item-3')) {
      if (records.length === 1) times.set('item-3', (times.get('item-3') ?? 0) + 1);
      throw new Error('This one cannot be done.');
    }
    for (const record of records) times.set(keyOf(record), (times.get(keyOf(record)) ?? 0) + 1);
  };
  await writeAll(itemsOf('POISONED', 10));
  const parked = await follow({ event: streamEventOf('POISONED'), work });
  expect(parked?.requestContext).toMatchObject({ condition: 'RetryAttemptsExhausted', approximateInvokeCount: 9 });
  expect(parked?.DDBStreamBatchInfo.batchSize).toBe(1);
  expect(times.get('item-3')).toBe(9);
  await writeAll(itemsOf('POISONED', 1, 'last'));
  await follow({
    event: streamEventOf('POISONED'),
    work: (records) => records.some((record) => keyOf(record) === 'last-0'),
  });
});

test('a batch is retried from the first change that the worker reports', async () => {
  const seen: string[][] = [];
  await writeAll(itemsOf('NAMED', 4));
  await follow({
    event: streamEventOf('NAMED'),
    work: (records) => {
      seen.push(records.map(keyOf));
      const failed = seen.length === 1 ? records[2] : undefined;
      return failed ? { batchItemFailures: [{ itemIdentifier: failed.dynamodb?.SequenceNumber }] } : true;
    },
  });
  const [first = [], second] = seen;
  expect([first.length, second]).toEqual([4, first.slice(2)]);
});

test('a change that waits for a retry does not delay changes of other partitions', async () => {
  const event = {
    ...every,
    parallelizationFactor: 10,
    filterPatterns: [{ dynamodb: { Keys: { pk: { S: [{ prefix: 'LANE#' }] } } } }],
  };
  const { promise: never } = Promise.withResolvers();
  await writeAll(itemsOf('LANE#stuck', 1, 'stuck'));
  await writeAll(Array.from({ length: 20 }, (_, index) => ({ key: { pk: `LANE#${index}`, sk: 'free' }, item: {} })));
  const done = new Set<string>();
  await follow({
    event,
    work: (records) => {
      if (records.some((record) => keyOf(record).startsWith('stuck'))) throw new Error('It waits.');
      for (const { dynamodb } of records) done.add(dynamodb?.Keys?.pk?.S ?? '');
      return done.size >= 10;
    },
    pause: () => never,
  });
});

test.each(['ExpiredIteratorException', 'TrimmedDataAccessException', 'InternalServerError', 'lose response' as const])(
  'the worker continues after a read that ends in %s',
  async (type) => {
    const reads: string[] = [];
    world.engine.fail((operation) => {
      if (operation !== 'GetRecords') return undefined;
      reads.push(operation);
      if (reads.length > 4) return undefined;
      return type === 'lose response' ? type : { status: 400, type };
    });
    await writeAll(itemsOf(`AFTER_${type}`, 1));
    expect(await follow({ event: streamEventOf(`AFTER_${type}`), work: () => true })).toBeUndefined();
    expect(reads.length).toBeGreaterThan(4);
  },
);

test('unprocessed changes are read in batches of a thousand', async () => {
  await writeAll(itemsOf('SEED', 600));
  await writeAll(itemsOf('NEWS', 1));
  world.engine.record();
  await follow({ event: streamEventOf('NEWS'), work: () => true });
  expect(world.engine.calls.filter(({ operation }) => operation === 'GetRecords').length).toBeLessThan(5);
});

test('a restarted stack continues at its last position, and repeats unfinished batches', async () => {
  const file = newFile();
  await writeAll(itemsOf('AGAIN', 1, 'first'));
  await follow({
    event: { ...streamEventOf('AGAIN'), batchSize: 1 },
    // The worker gets a batch only after the position of the batch before is saved.
    work: async (records) => {
      if (records.map(keyOf).includes('next-0')) return true;
      await writeAll(itemsOf('AGAIN', 1, 'next'));
      return undefined;
    },
    places: new Places(file),
  });
  stopAll();
  await writeAll(itemsOf('AGAIN', 1, 'second'));
  const seen: string[] = [];
  const started = Promise.withResolvers<void>();
  void follow({
    event: streamEventOf('AGAIN'),
    work: async () => {
      started.resolve();
      await new Promise(() => undefined);
    },
    places: new Places(file),
  });
  await started.promise;
  stopAll();
  await follow({
    event: streamEventOf('AGAIN'),
    work: (records) => {
      seen.push(...records.map(keyOf));
      return records.map(keyOf).includes('second-0');
    },
    places: new Places(file),
  });
  expect(seen).not.toContain('first-0');
  expect(seen).toContain('second-0');
});
