import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { publicKeysKey } from '../lib/table/keys.ts';
import type { Parameters } from './parameters.ts';

/** The table of a stage. Without an endpoint, it is the one of the region. */
interface Place {
  tableName: string;
  region?: string;
  endpoint?: string;
}

const KeySet = z.object({ keys: z.array(z.looseObject({ kid: z.string() })).min(1) });

/**
 * Stores public keys in a table, where functions read them. `json` is the parameter `public-keys`.
 */
export async function placePublicKeys(json: string, { tableName, ...place }: Place): Promise<void> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(place));
  try {
    await client.send(
      new PutCommand({ TableName: tableName, Item: { ...publicKeysKey, ...KeySet.parse(JSON.parse(json)) } }),
    );
  } finally {
    client.destroy();
  }
}

/**
 * Copies the public keys of a stage from SSM into its table. A rotation may replace them meanwhile,
 * so it copies until they are the same before and after. Returns false where the stage has none.
 */
export async function copyPublicKeys(parameters: Parameters, place: Place): Promise<boolean> {
  let placed: string | undefined;
  for (;;) {
    const json = await parameters.read('public-keys');
    if (json === undefined || json === placed) return placed !== undefined;
    await placePublicKeys(json, place);
    placed = json;
  }
}
