import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type {
  BatchGetCommandInput,
  BatchGetCommandOutput,
  BatchWriteCommandInput,
  BatchWriteCommandOutput,
  DeleteCommandInput,
  DeleteCommandOutput,
  PutCommandInput,
  PutCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  ScanCommandInput,
  ScanCommandOutput,
  TransactWriteCommandInput,
  TransactWriteCommandOutput,
  UpdateCommandInput,
  UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { ServiceFailure, signedFetch } from '../aws/signedFetch.ts';
import { config } from '../config/config.ts';
import { TableError } from './tableError.ts';

interface Operations {
  BatchGetItem: [BatchGetCommandInput, BatchGetCommandOutput];
  BatchWriteItem: [BatchWriteCommandInput, BatchWriteCommandOutput];
  DeleteItem: [DeleteCommandInput, DeleteCommandOutput];
  PutItem: [PutCommandInput, PutCommandOutput];
  Query: [QueryCommandInput, QueryCommandOutput];
  Scan: [ScanCommandInput, ScanCommandOutput];
  TransactWriteItems: [TransactWriteCommandInput, TransactWriteCommandOutput];
  UpdateItem: [UpdateCommandInput, UpdateCommandOutput];
}

const attempts = 3;

/**
 * Calls DynamoDB with its JSON protocol. The SDK's client took a third of the time that a function
 * needed to load, so this uses only its types, its converter of values, its signer and its HTTP
 * handler. Like the client, it makes up to three attempts if DynamoDB is busy, times out or closes
 * the connection.
 * @throws {TableError} named like DynamoDB's error
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
 */
export async function callTable<O extends keyof Operations>(
  operation: O,
  input: Operations[O][0],
): Promise<Operations[O][1]> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation}` },
    body: JSON.stringify(convertItems(input, marshallItem)),
    timeoutMs: config.tableTimeoutMs,
    attempts,
  };
  const body = await signedFetch('dynamodb', '/', request).catch((error) => {
    throw error instanceof ServiceFailure ? toTableError(error) : error;
  });
  return convertItems(JSON.parse(body), unmarshallItem) as Operations[O][1];
}

interface ErrorBody {
  message?: string;
  Message?: string;
  Item?: Marshalled;
  CancellationReasons?: { Code?: string; Item?: Marshalled }[];
}

/** An unreachable table is reported by the error of the network. */
function toTableError({ reason, body, cause }: ServiceFailure): unknown {
  if (reason === 'Timeout') return new TableError('TimeoutError', 'DynamoDB did not respond in time.');
  if (!body) return cause ?? new TableError(reason);
  const { message = '', Message = message, Item, CancellationReasons = [] }: ErrorBody = parseError(body);
  return new TableError(reason, Message, {
    item: Item && unmarshallItem(Item),
    cancellationReasons: CancellationReasons.map((each) => ({
      code: each.Code ?? 'None',
      item: each.Item && unmarshallItem(each.Item),
    })),
  });
}

function parseError(body: string): ErrorBody {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

/** Names of fields that hold an item, or a part of one, in requests and responses. */
const itemFields = ['Item', 'Key', 'ExpressionAttributeValues', 'ExclusiveStartKey', 'Attributes', 'LastEvaluatedKey'];
/** Names of fields that hold lists of items. */
const listFields: Record<string, string> = { Items: 'Item', Keys: 'Key' };

/** Converts each item in a request or a response, and copies the rest. */
function convertItems(value: unknown, convert: (item: never) => unknown, name = ''): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (itemFields.includes(name)) return convert(value as never);
  if (Array.isArray(value)) return value.map((element) => convertItems(element, convert, listFields[name]));
  const fields = Object.entries(value).map(([field, inner]) => [
    field,
    // Responses of a batch are lists of items by table.
    convertItems(inner, convert, name === 'Responses' ? 'Items' : field),
  ]);
  return Object.fromEntries(fields);
}

type Marshalled = Record<string, AttributeValue>;

const marshallItem = (item: object) => mapBinary(marshall(item, { removeUndefinedValues: true }), encodeBase64);
const unmarshallItem = (item: Marshalled) => unmarshall(mapBinary(item, decodeBase64));
const encodeBase64 = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString('base64');
const decodeBase64 = (text: unknown) => Buffer.from(text as string, 'base64');

/** Converts binary values, which JSON holds as base64, at the top level of an item. */
function mapBinary(item: Marshalled, convert: (value: unknown) => unknown): Marshalled {
  const attributes = Object.entries(item).map(([name, value]) => [
    name,
    value.B === undefined ? value : { B: convert(value.B) },
  ]);
  return Object.fromEntries(attributes);
}
