import { setTimeout } from 'node:timers/promises';
import {
  DescribeTableCommand,
  DynamoDBClient,
  ListTagsOfResourceCommand,
  ResourceNotFoundException,
  RestoreTableToPointInTimeCommand,
  type TableDescription,
  TagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { readTable } from '../lib/openapi/routes.ts';
import { SetupError } from '../local/setupError.ts';

interface Restore {
  region: string;
  /** The table to restore, and the name of the new one beside it. */
  from: string;
  to: string;
  at: Date;
  protectData: boolean;
}

const betweenLooksMs = 5_000;

/**
 * Restores a table beside itself. A restored table lacks the settings of deploy/table.yml, so this
 * sets them. If the new table exists, this completes its settings.
 * @returns the ARN of the new table's stream
 */
export async function restoreTable({ region, from, to, at, protectData }: Restore): Promise<string> {
  const client = new DynamoDBClient({ region });
  const { TableArn: sourceArn = '' } = (await describe(client, from)) ?? {};
  if (!(await describe(client, to))) {
    if (!sourceArn)
      throw new SetupError(`The table ${from} is not there. A deleted table is restored from its last backup.`);
    await client.send(
      new RestoreTableToPointInTimeCommand({ SourceTableName: from, TargetTableName: to, RestoreDateTime: at }),
    );
  }
  const { StreamSpecification, TimeToLiveSpecification } = readTable() as {
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' };
    TimeToLiveSpecification: { AttributeName: string; Enabled: boolean };
  };
  const restored = await whenActive(client, to);
  if (!restored.StreamSpecification?.StreamEnabled) {
    await client.send(
      new UpdateTableCommand({ TableName: to, StreamSpecification: { StreamEnabled: true, ...StreamSpecification } }),
    );
    await whenActive(client, to);
  }
  await client.send(new UpdateTimeToLiveCommand({ TableName: to, TimeToLiveSpecification })).catch((error) => {
    // DynamoDB rejects a setting that is there already.
    if (error.name !== 'ValidationException') throw error;
  });
  await client.send(
    new UpdateContinuousBackupsCommand({
      TableName: to,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    }),
  );
  await client.send(new UpdateTableCommand({ TableName: to, DeletionProtectionEnabled: protectData }));
  const { LatestStreamArn = '', TableArn = '' } = await whenActive(client, to);
  await copyTags(client, sourceArn, TableArn);
  return LatestStreamArn;
}

async function copyTags(client: DynamoDBClient, from: string, to: string): Promise<void> {
  if (!from) return;
  const { Tags = [] } = await client.send(new ListTagsOfResourceCommand({ ResourceArn: from }));
  // Tags of AWS itself are CloudFormation's alone.
  const own = Tags.filter(({ Key }) => !Key?.startsWith('aws:'));
  if (own.length > 0) await client.send(new TagResourceCommand({ ResourceArn: to, Tags: own }));
}

async function describe(client: DynamoDBClient, TableName: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/** A large table takes hours. */
async function whenActive(client: DynamoDBClient, name: string): Promise<TableDescription> {
  for (;;) {
    const table = await describe(client, name);
    if (table?.TableStatus === 'ACTIVE') return table;
    await setTimeout(betweenLooksMs);
  }
}
