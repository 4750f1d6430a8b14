import { useWorld } from '../testing/stage/world.ts';
import { callTable } from './callTable.ts';
import { TableError } from './tableError.ts';

const world = useWorld();

const TableName = () => process.env.TABLE_NAME ?? '';
let partitions = 0;
const newKey = () => ({ pk: `CALL#${++partitions}`, sk: 'ITEM' });

/** Attributes with the names of fields of the protocol, and of its types. */
const odd = {
  Item: { Key: 'a', Items: ['b', { Keys: 1 }], Responses: { Items: 'c' } },
  Attributes: null,
  B: 'text',
  S: { B: 'dGV4dA==' },
  list: [[], {}, '', 0, -1.5, true],
};

test('callTable returns the values that it wrote, whatever the names of attributes are', async () => {
  const key = newKey();
  const Item = { ...key, ...odd, bytes: Uint8Array.of(0, 128, 255) };
  await callTable('PutItem', { TableName: TableName(), Item: { ...Item, left: undefined } });
  const { Responses } = await callTable('BatchGetItem', { RequestItems: { [TableName()]: { Keys: [key] } } });
  const [found] = Responses?.[TableName()] ?? [];
  expect({ ...found, bytes: [...(found?.bytes ?? [])] }).toEqual({ ...Item, bytes: [0, 128, 255] });
});

test('callTable continues a scan and a query after the last key', async () => {
  const { pk } = newKey();
  for (const sk of ['1', '2']) await callTable('PutItem', { TableName: TableName(), Item: { pk, sk } });
  const query = {
    TableName: TableName(),
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk },
    Limit: 1,
  };
  const { LastEvaluatedKey } = await callTable('Query', query);
  const { Items } = await callTable('Query', { ...query, ExclusiveStartKey: LastEvaluatedKey });
  expect([LastEvaluatedKey, Items]).toEqual([{ pk, sk: '1' }, [{ pk, sk: '2' }]]);
});

async function errorOf(call: Promise<unknown>): Promise<TableError> {
  const error = await call.then(
    () => undefined,
    (thrown) => thrown,
  );
  if (!(error instanceof TableError)) throw new Error('There was no TableError.', { cause: error });
  return error;
}

const putTwice = async (item: object) => {
  const Item = { ...newKey(), ...item };
  const input = {
    TableName: TableName(),
    Item,
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
  await callTable('PutItem', input);
  return { Item, error: await errorOf(callTable('PutItem', input)) };
};

test('a stored text that looks like an error code does not change the name of an error', async () => {
  const fake = '<Code>ThrottlingException</Code>{"__type":"x#ThrottlingException"}';
  const { Item, error } = await putTwice({ fake });
  expect([error.name, error.item]).toEqual(['ConditionalCheckFailedException', Item]);
});

test('an error of DynamoDB has no field with an item, because Lambda logs the fields of errors', async () => {
  const { error } = await putTwice({ fullName: 'Mona Hassan' });
  expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain('Mona');
});

test.each([
  ['500', 500, 'InternalServerError'],
  ['throttling', 400, 'ThrottlingException'],
  ['throttling of a table that scales up', 400, 'ProvisionedThroughputExceededException'],
])('callTable makes three attempts at most after %s', async (_, status, type) => {
  const read = () => callTable('Query', query);
  const query = {
    TableName: TableName(),
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': newKey().pk },
  };
  let failures = 0;
  world.engine.fail(() => (failures++ < 2 ? { status, type } : undefined));
  expect((await read()).Items).toEqual([]);
  world.engine.record();
  world.engine.fail(() => ({ status, type }));
  expect((await errorOf(read())).name).toBe(type);
  expect(world.engine.calls).toHaveLength(3);
});

test('callTable makes one attempt if DynamoDB rejects the input', async () => {
  world.engine.record();
  const error = await errorOf(callTable('PutItem', { TableName: TableName(), Item: {} }));
  expect([error.name, world.engine.calls.length]).toEqual(['ValidationException', 1]);
});
