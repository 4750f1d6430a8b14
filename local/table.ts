import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  ResourceNotFoundException,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { readTable } from '../lib/openapi/routes.ts';

const waiting = { maxWaitTime: 600, minDelay: 1, maxDelay: 1 };

interface TableProperties
  extends Required<Pick<CreateTableCommandInput, 'BillingMode' | 'AttributeDefinitions' | 'KeySchema'>> {
  StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' };
  TimeToLiveSpecification: { AttributeName: string; Enabled: boolean };
}

/**
 * Creates the table of deploy/table.yml in a local engine, unless it exists. Returns whether it
 * created the table. It has no stream until {@link openStreamOf}, because the stream takes most of
 * the time of a write.
 */
export async function createTable(endpoint: string, name: string): Promise<boolean> {
  const client = new DynamoDBClient({ endpoint });
  const properties = readTable() as TableProperties;
  const { BillingMode, AttributeDefinitions, KeySchema, TimeToLiveSpecification } = properties;
  try {
    await client.send(new CreateTableCommand({ TableName: name, BillingMode, AttributeDefinitions, KeySchema }));
    await waitUntilTableExists({ client, ...waiting }, { TableName: name });
    await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification }));
    return true;
  } catch (error) {
    if (error instanceof ResourceInUseException) return false;
    throw error;
  } finally {
    client.destroy();
  }
}

/** Enables the stream of a table, as deploy/table.yml defines it, unless it is already enabled. */
export async function openStreamOf(endpoint: string, name: string): Promise<void> {
  const client = new DynamoDBClient({ endpoint });
  const { StreamSpecification } = readTable() as TableProperties;
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (Table?.StreamSpecification?.StreamEnabled) return;
    const specification = { StreamEnabled: true, ...StreamSpecification };
    await client.send(new UpdateTableCommand({ TableName: name, StreamSpecification: specification }));
    await waitUntilTableExists({ client, ...waiting }, { TableName: name });
  } finally {
    client.destroy();
  }
}

export async function deleteTable(endpoint: string, name: string): Promise<void> {
  const client = new DynamoDBClient({ endpoint });
  try {
    await client.send(new DeleteTableCommand({ TableName: name }));
    await waitUntilTableNotExists({ client, ...waiting }, { TableName: name });
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  } finally {
    client.destroy();
  }
}
