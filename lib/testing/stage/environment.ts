import type { Sandbox } from '../../../local/sandbox/server.ts';

export function stageEnvironment(tableName: string, engineUrl: string, sandbox: Sandbox): Record<string, string> {
  return {
    STAGE: 'local',
    TABLE_NAME: tableName,
    SECRETS_PATH: '/customer-backend/test',
    TOKEN_ISSUER: 'customer-backend-test',
    CORS_ORIGINS: 'https://shop.example.com',
    EMAIL_SENDER: 'shop@shop.example.com',
    EMAIL_CONFIGURATION_SET: 'customer-backend-test',
    EMAIL_CODE_DOMAIN: 'shop.example.com',
    LOG_SILENT: 'true',
    AWS_REGION: 'eu-central-1',
    // Amazon's DynamoDB Local keeps one database per access key. Only a separate database keeps
    // the streams of tables apart.
    AWS_ACCESS_KEY_ID: tableName.replaceAll('-', '').slice(-20),
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: engineUrl,
    ...sandbox.environment,
  };
}
