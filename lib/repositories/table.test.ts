import * as z from 'zod';
import { nowSeconds } from '../clock.ts';
import { ApiError } from '../errors.ts';
import { useWorld } from '../testing/world.ts';
import { readAll, readPrefix, transact, write } from './table.ts';

const world = useWorld();

const Note = z.object({ text: z.string() });
let partitions = 0;
const newKey = () => ({ pk: `TEST#${++partitions}`, sk: 'NOTE' });
const put = (key: { pk: string; sk: string }, item: Record<string, unknown>, condition?: string) =>
  write({ kind: 'put', key, item, ...(condition && { condition }) });

const conflict = {
  status: 400,
  type: 'TransactionCanceledException',
  extra: { CancellationReasons: [{ Code: 'TransactionConflict' }] },
};

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
    expect(result).toEqual({ done: false, refused: [undefined, { old: { ...taken, text: 'mine' } }] });
    expect(await readAll([{ key: free, as: Note }])).toEqual([undefined]);
  });

  test('tries again while another transaction holds an item, under one ClientRequestToken', async () => {
    const key = newKey();
    let conflicts = 0;
    world.engine.record();
    world.engine.fail((operation) => (operation === 'TransactWriteItems' && conflicts++ < 3 ? conflict : undefined));
    expect(await transact([{ kind: 'put', key, item: { text: 'held up' } }])).toEqual({ done: true });
    const tokens = world.engine.calls.map(({ body }) => JSON.parse(body).ClientRequestToken);
    expect(tokens).toHaveLength(4);
    expect(new Set(tokens).size).toBe(1);
  });

  test('gives up on an item that stays held with 429, having written nothing', async () => {
    const key = newKey();
    world.engine.fail((operation) => (operation === 'TransactWriteItems' ? conflict : undefined));
    const error = await transact([{ kind: 'put', key, item: { text: 'never' } }]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ problem: 'throttled', circumstances: { retryAfterSeconds: 1 } });
    world.engine.heal();
    expect(await readAll([{ key, as: Note }])).toEqual([undefined]);
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
