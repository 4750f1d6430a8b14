import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { handler as deleteCustomer } from '../../functions/customers/delete.ts';
import { handler as getCustomer } from '../../functions/customers/get.ts';
import { nowSeconds } from '../clock.ts';
import { signIn } from '../testing/stage/signIn.ts';
import { useWorld } from '../testing/stage/world.ts';
import { readAll, readPrefix, transact, write } from './table.ts';

const world = useWorld();

const Note = z.object({ text: z.string() });
let partitions = 0;
const newKey = () => ({ pk: `TEST#${++partitions}`, sk: 'NOTE' });
const put = (key: { pk: string; sk: string }, item: Record<string, unknown>, condition?: string) =>
  write({ kind: 'put', key, item, ...(condition && { condition }) });

const passing = [
  'TransactionConflict',
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionInProgress',
  'InternalServerError',
];
const cancelled = (...codes: (string | undefined)[]) => ({
  status: 400,
  type: 'TransactionCanceledException',
  extra: { CancellationReasons: codes.map((Code) => ({ Code })) },
});

describe('reading', () => {
  test('answers in the order of the keys, with nothing where there is nothing', async () => {
    const [first, missing, second] = [newKey(), newKey(), newKey()];
    await put(first, { text: 'one' });
    await put(second, { text: 'two' });
    const found = await readAll([
      { key: second, as: Note },
      { key: missing, as: Note },
      { key: first, as: Note },
    ]);
    expect(found).toEqual([{ text: 'two' }, undefined, { text: 'one' }]);
  });

  test('takes an expired item for gone, though DynamoDB still has it', async () => {
    const key = newKey();
    await put(key, { text: 'late', expiresAtSeconds: nowSeconds() + 100 });
    expect(await readAll([{ key, as: Note }])).toEqual([{ text: 'late' }]);
    world.advance(100);
    expect(await readAll([{ key, as: Note }])).toEqual([undefined]);
    expect(await readPrefix(key.pk, 'NOTE', Note)).toEqual([]);
  });

  test('asks again for what DynamoDB left out', async () => {
    const key = newKey();
    await put(key, { text: 'here' });
    let calls = 0;
    world.engine.fail((operation) =>
      operation === 'BatchGetItem' && calls++ < 2
        ? {
            status: 200,
            type: '',
            extra: {
              Responses: {},
              UnprocessedKeys: { [process.env.TABLE_NAME ?? '']: { Keys: [{ pk: { S: key.pk }, sk: { S: key.sk } }] } },
            },
          }
        : undefined,
    );
    expect(await readAll([{ key, as: Note }])).toEqual([{ text: 'here' }]);
  });

  test('refuses an item that is not what its schema says', async () => {
    const key = newKey();
    await put(key, { text: 7 });
    await expect(readAll([{ key, as: Note }])).rejects.toThrow();
  });
});

describe('writing', () => {
  test('answers a condition that does not hold with the item that stood in the way', async () => {
    const key = newKey();
    await put(key, { text: 'first' });
    const { done, old } = await put(key, { text: 'second' }, 'attribute_not_exists(pk)');
    expect([done, old]).toEqual([false, { ...key, text: 'first' }]);
  });

  test('does all writes of a transaction or none, and says which one was refused', async () => {
    const [free, taken] = [newKey(), newKey()];
    await put(taken, { text: 'mine' });
    const result = await transact([
      { kind: 'put', key: free, item: { text: 'yours' } },
      { kind: 'put', key: taken, item: { text: 'yours' }, condition: 'attribute_not_exists(pk)' },
    ]);
    expect(result).toEqual({ done: false, rejected: [undefined, { old: { ...taken, text: 'mine' } }] });
    expect(await readAll([{ key: free, as: Note }])).toEqual([undefined]);
  });

  test.each(passing)('retries a transaction that was cancelled by %s, under one ClientRequestToken', async (code) => {
    const key = newKey();
    let rejected = 0;
    world.engine.record();
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' && rejected++ < 3 ? cancelled('None', code) : undefined,
    );
    expect(await transact([{ kind: 'put', key, item: { text: 'held up' } }])).toEqual({ done: true });
    const tokens = world.engine.calls.map(({ body }) => JSON.parse(body).ClientRequestToken);
    expect(tokens).toHaveLength(4);
    expect(new Set(tokens).size).toBe(1);
  });

  test('gives up on a transaction that stays cancelled with 429 and Retry-After, having written nothing', async () => {
    const { access, customer } = await signIn(world);
    let calls = 0;
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' ? cancelled('None', passing[calls++ % passing.length]) : undefined,
    );
    const { status, headers, body } = await world.call(deleteCustomer, { method: 'DELETE', token: access });
    expect([status, headers['retry-after'], body.errors[0].code]).toEqual([429, '1', 'throttled']);
    world.engine.heal();
    expect((await world.call(getCustomer, { method: 'GET', token: access })).body.id).toBe(customer.id);
  });

  test.each([[['ValidationError']], [['ItemCollectionSizeLimitExceeded']], [['ValidationError', 'ThrottlingError']]])(
    'does not repeat a transaction that cannot succeed: %j',
    async (codes) => {
      world.engine.record();
      world.engine.fail((operation) => (operation === 'TransactWriteItems' ? cancelled(...codes) : undefined));
      await expect(transact([{ kind: 'put', key: newKey(), item: {} }])).rejects.toThrow(TransactionCanceledException);
      expect(world.engine.calls).toHaveLength(1);
    },
  );

  test('takes a condition that failed for an answer, though other items were throttled', async () => {
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' ? cancelled('ThrottlingError', 'ConditionalCheckFailed') : undefined,
    );
    const result = await transact([
      { kind: 'put', key: newKey(), item: {} },
      { kind: 'put', key: newKey(), item: {}, condition: 'attribute_not_exists(pk)' },
    ]);
    expect(result).toEqual({ done: false, rejected: [undefined, { old: undefined }] });
  });

  test('writes once when the answer of a transaction is lost', async () => {
    const key = newKey();
    await put(key, { text: 'counted', count: 0 });
    let lost = 0;
    world.engine.fail((operation) => (operation === 'TransactWriteItems' && lost++ < 2 ? 'lose answer' : undefined));
    const values = { ':one': 1 };
    await transact([{ kind: 'update', key, expression: 'ADD #count :one', values }]);
    expect(await readAll([{ key, as: z.object({ count: z.int() }) }])).toEqual([{ count: 1 }]);
  });
});
