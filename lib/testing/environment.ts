import type { Sandbox } from '../../local/sandbox/server.ts';

/** What functions find around them in a stage that is made for a test or a measurement. */
export function stageEnvironment(tableName: string, engineUrl: string, sandbox: Sandbox): Record<string, string> {
  return {
    STAGE: 'local',
    TABLE_NAME: tableName,
    SECRETS_PATH: '/customer-backend/test',
    TOKEN_ISSUER: 'customer-backend-test',
    CORS_ORIGINS: 'https://shop.example.com',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    AWS_REGION: 'eu-central-1',
    // Amazon's DynamoDB Local keeps a database for each key, and a stream by itself only within one.
    AWS_ACCESS_KEY_ID: tableName.replaceAll('-', '').slice(-20),
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: engineUrl,
    ...sandbox.environment,
  };
}
