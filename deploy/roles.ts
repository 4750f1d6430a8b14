import { operatorLogPartition } from '../lib/table/keys.ts';
import { type Permission, permissionsOf, type Scope } from './permissions.ts';
import type { Resource, Resources } from './template.ts';

export interface Statement {
  Effect: string;
  Action: string[];
  Resource?: unknown;
  NotResource?: unknown;
  Condition?: Record<string, Record<string, string[]>>;
}

export interface Deployed {
  permissions?: Permission[];
  events?: { stream?: { arn: unknown }; sqs?: { arn: unknown } }[];
  /** The logical id of its role. */
  role?: string;
  disableLogs?: boolean;
  package?: { patterns?: string[]; artifact?: string };
}

export const logGroupId = 'FunctionLogs';
const roleIdOf = (functionName: string) => `${functionName.charAt(0).toUpperCase()}${functionName.slice(1)}Role`;

/** Gives each function a role of its own, and keeps Serverless from making a log group for it. */
export function assignRoles(functions: Record<string, Deployed>): void {
  for (const [name, deployed] of Object.entries(functions)) {
    Object.assign(deployed, { role: roleIdOf(name), disableLogs: true });
  }
}

/** Describes the roles of all functions: their permissions, events and logs. */
export function describeRoles(functions: Record<string, Deployed>, common: Statement[], scope: Scope): Resources {
  const known = permissionsOf(scope);
  return Object.fromEntries(
    Object.entries(functions).map(([functionName, { permissions = [], events = [] }]) => {
      const own = permissions.map((name) => known[name]);
      const statements = [writeLogs, ...common, ...events.flatMap(readEvents), ...own, ...keepAuditLog(permissions)];
      return [roleIdOf(functionName), describeRole('lambda.amazonaws.com', mergeStatements(statements))];
    }),
  );
}

const writeLogs: Statement = {
  Effect: 'Allow',
  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: { 'Fn::GetAtt': [logGroupId, 'Arn'] },
};

function readEvents({ stream, sqs }: NonNullable<Deployed['events']>[number]): Statement[] {
  const streamActions = ['GetRecords', 'GetShardIterator', 'DescribeStream', 'ListStreams'];
  const queueActions = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];
  return [
    ...(stream
      ? [{ Effect: 'Allow', Action: streamActions.map((name) => `dynamodb:${name}`), Resource: stream.arn }]
      : []),
    ...(sqs ? [{ Effect: 'Allow', Action: queueActions.map((name) => `sqs:${name}`), Resource: sqs.arn }] : []),
  ];
}

/**
 * Keeps a function from changing and deleting entries of the audit log, and from putting entries if
 * its permissions do not include `audit`.
 */
function keepAuditLog(permissions: readonly Permission[]): Statement[] {
  const isWriting = (['put', 'audit', 'update', 'delete', 'deleteAll'] as const).some((name) =>
    permissions.includes(name),
  );
  if (!isWriting) return [];
  const denied = ['UpdateItem', 'DeleteItem', 'BatchWriteItem', ...(permissions.includes('audit') ? [] : ['PutItem'])];
  return [
    {
      Effect: 'Deny',
      Action: denied.map((name) => `dynamodb:${name}`),
      Resource: { 'Fn::GetAtt': ['Table', 'Arn'] },
      Condition: { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': [`${operatorLogPartition}*`] } },
    },
  ];
}

/** Merges statements that differ in their actions alone. */
function mergeStatements(statements: Statement[]): Statement[] {
  const alike = Map.groupBy(statements, ({ Action: _, ...others }) => JSON.stringify(others));
  return Array.from(alike.values(), (group) => ({
    ...(group[0] as Statement),
    Action: [...new Set(group.flatMap(({ Action }) => Action))],
  }));
}

/** Describes a role that one service of AWS may take. */
export function describeRole(service: string, statements: Statement[]): Resource {
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
      },
      Policies: [{ PolicyName: 'own', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
    },
  };
}
