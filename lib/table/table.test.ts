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

const transientCodes = [
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

describe('a read', () => {
  test('returns items in the order of the keys, and undefined for missing items', async () => {
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

  test('ignores an expired item that DynamoDB has not deleted yet', async () => {
    const key = newKey();
    await put(key, { text: 'late', expiresAtSeconds: nowSeconds() + 100 });
    expect(await readAll([{ key, as: Note }])).toEqual([{ text: 'late' }]);
    world.advance(100);
    expect(await readAll([{ key, as: Note }])).toEqual([undefined]);
    expect(await readPrefix(key.pk, 'NOTE', Note)).toEqual([]);
  });

  test('requests unprocessed keys again', async () => {
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

  test('rejects an item that violates its schema', async () => {
    const key = newKey();
    await put(key, { text: 7 });
    await expect(readAll([{ key, as: Note }])).rejects.toThrow();
  });
});

describe('writing to the table', () => {
  test('returns the existing item if its condition fails', async () => {
    const key = newKey();
    await put(key, { text: 'first' });
    const { done, old } = await put(key, { text: 'second' }, 'attribute_not_exists(pk)');
    expect([done, old]).toEqual([false, { ...key, text: 'first' }]);
  });

  test('applies all writes of a transaction or none, and returns the rejected one', async () => {
    const [free, existing] = [newKey(), newKey()];
    await put(existing, { text: 'mine' });
    const result = await transact([
      { kind: 'put', key: free, item: { text: 'yours' } },
      { kind: 'put', key: existing, item: { text: 'yours' }, condition: 'attribute_not_exists(pk)' },
    ]);
    expect(result).toEqual({ done: false, rejected: [undefined, { old: { ...existing, text: 'mine' } }] });
    expect(await readAll([{ key: free, as: Note }])).toEqual([undefined]);
  });

  test.each(transientCodes)(
    'retries a transaction that was cancelled by %s, with the same ClientRequestToken',
    async (code) => {
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
    },
  );

  test('fails with 429 and Retry-After if DynamoDB keeps cancelling the transaction, and writes nothing', async () => {
    const { access, customer } = await signIn(world);
    let calls = 0;
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems'
        ? cancelled('None', transientCodes[calls++ % transientCodes.length])
        : undefined,
    );
    const { status, headers, body } = await world.call(deleteCustomer, { method: 'DELETE', token: access });
    expect([status, headers['retry-after'], body.errors[0].code]).toEqual([429, '1', 'throttled']);
    world.engine.heal();
    expect((await world.call(getCustomer, { method: 'GET', token: access })).body.id).toBe(customer.id);
  });

  test.each([[['ValidationError']], [['ItemCollectionSizeLimitExceeded']], [['ValidationError', 'ThrottlingError']]])(
    'does not retry a transaction that cannot succeed: %j',
    async (codes) => {
      world.engine.record();
      world.engine.fail((operation) => (operation === 'TransactWriteItems' ? cancelled(...codes) : undefined));
      await expect(transact([{ kind: 'put', key: newKey(), item: {} }])).rejects.toMatchObject({
        name: 'TransactionCanceledException',
      });
      expect(world.engine.calls).toHaveLength(1);
    },
  );

  test('reports a failed condition even if other items were throttled', async () => {
    world.engine.fail((operation) =>
      operation === 'TransactWriteItems' ? cancelled('ThrottlingError', 'ConditionalCheckFailed') : undefined,
    );
    const result = await transact([
      { kind: 'put', key: newKey(), item: {} },
      { kind: 'put', key: newKey(), item: {}, condition: 'attribute_not_exists(pk)' },
    ]);
    expect(result).toEqual({ done: false, rejected: [undefined, { old: undefined }] });
  });

  test('applies a transaction once if its response is lost', async () => {
    const key = newKey();
    await put(key, { text: 'counted', count: 0 });
    let lost = 0;
    world.engine.fail((operation) => (operation === 'TransactWriteItems' && lost++ < 2 ? 'lose response' : undefined));
    const values = { ':one': 1 };
    await transact([{ kind: 'update', key, expression: 'ADD #count :one', values }]);
    expect(await readAll([{ key, as: z.object({ count: z.int() }) }])).toEqual([{ count: 1 }]);
  });
});
