import { setTimeout } from 'node:timers/promises';
import {
  APIGatewayClient,
  BadRequestException,
  GetAccountCommand,
  TooManyRequestsException,
  UpdateAccountCommand,
} from '@aws-sdk/client-api-gateway';
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  EntityAlreadyExistsException,
  GetRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';

const roleName = 'api-gateway-logs';
const policy = 'service-role/AmazonAPIGatewayPushToCloudWatchLogs';

/** A new role takes time to become visible, and API Gateway limits changes of an account. */
const knownAfterMs = 5_000;
const betweenChangesMs = 20_000;
const patienceMs = 120_000;

/**
 * Ensures that the account has a role with which API Gateway writes access logs. All APIs of a
 * region share it, so an existing role stays. Returns its ARN, and whether the role is new.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
 */
export async function ensureLogRole(region: string): Promise<{ arn: string; isNew: boolean }> {
  const gateway = new APIGatewayClient({ region });
  const { cloudwatchRoleArn: present } = await gateway.send(new GetAccountCommand({}));
  if (present) return { arn: present, isNew: false };
  const arn = await createRole(new IAMClient({ region }));
  const patchOperations = [{ op: 'replace' as const, path: '/cloudwatchRoleArn', value: arn }];
  for (const startedAt = Date.now(); ; ) {
    try {
      await gateway.send(new UpdateAccountCommand({ patchOperations }));
      return { arn, isNew: true };
    } catch (error) {
      const isTooOften = error instanceof TooManyRequestsException;
      const canWait = isTooOften || error instanceof BadRequestException;
      if (!canWait || Date.now() - startedAt > patienceMs) throw error;
      await setTimeout(isTooOften ? betweenChangesMs : knownAfterMs);
    }
  }
}

async function createRole(iam: IAMClient): Promise<string> {
  const assumedBy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'apigateway.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  };
  const command = new CreateRoleCommand({ RoleName: roleName, AssumeRolePolicyDocument: JSON.stringify(assumedBy) });
  const { Role } = await iam.send(command).catch((error) => {
    if (!(error instanceof EntityAlreadyExistsException)) throw error;
    return iam.send(new GetRoleCommand({ RoleName: roleName }));
  });
  const arn = Role?.Arn ?? '';
  const partition = arn.split(':')[1];
  await iam.send(
    new AttachRolePolicyCommand({ RoleName: roleName, PolicyArn: `arn:${partition}:iam::aws:policy/${policy}` }),
  );
  return arn;
}
