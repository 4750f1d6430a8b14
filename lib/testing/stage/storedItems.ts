import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, paginateQuery, paginateScan } from '@aws-sdk/lib-dynamodb';

type Items = Record<string, unknown>[];

/**
 * Direct access to the table, without the repositories. Tests inspect items, and store states that
 * need time or an old version to arise.
 */
export class StoredItems {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;

  constructor(endpoint: string, tableName: string) {
    this.#client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint }));
    this.#tableName = tableName;
  }

  close(): void {
    this.#client.destroy();
  }

  all(): Promise<Items> {
    return collectItems(paginateScan({ client: this.#client }, { TableName: this.#tableName, ConsistentRead: true }));
  }

  partition(pk: string): Promise<Items> {
    const query = {
      TableName: this.#tableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      ConsistentRead: true,
    };
    return collectItems(paginateQuery({ client: this.#client }, query));
  }

  async put(item: object): Promise<void> {
    await this.#client.send(new PutCommand({ TableName: this.#tableName, Item: { ...item } }));
  }

  async delete(key: { pk: string; sk: string }): Promise<void> {
    await this.#client.send(new DeleteCommand({ TableName: this.#tableName, Key: key }));
  }
}

async function collectItems(pages: AsyncIterable<{ Items?: Items | undefined }>): Promise<Items> {
  const items: Items = [];
  for await (const page of pages) items.push(...(page.Items ?? []));
  return items;
}
