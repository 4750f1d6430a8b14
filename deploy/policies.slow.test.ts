import { readFileSync } from 'node:fs';
import { copyService, type Template } from '../lib/testing/aws/template.ts';
import type { Resource } from './template.ts';

interface Statement {
  Action: string[];
  Resource?: string | string[];
  NotResource?: string;
  Condition?: Record<string, Record<string, string | string[]>>;
}

const fill = (text: string) =>
  text.replaceAll('ACCOUNT', '111122223333').replaceAll('STAGE', 'prod').replaceAll('BOUNDARY', 'bound');
const readPolicy = (name: string): Statement[] =>
  JSON.parse(fill(readFileSync(new URL(`policies/${name}.json`, import.meta.url), 'utf8'))).Statement;
const policies = { deployer: readPolicy('deployer'), cloudformation: readPolicy('cloudformation') };
const boundary = readPolicy('boundary');

const matches = (pattern: string, text: string) =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(text);
const allows = (policy: Statement[], action: string, resource: string) =>
  policy.some(
    ({ Action, Resource, NotResource }) =>
      Action.includes(action) &&
      (NotResource === undefined
        ? [Resource ?? []].flat().some((pattern) => matches(pattern, resource))
        : !matches(NotResource, resource)),
  );

const stack = 'customer-backend-prod';
const arn = (service: string, name: string, region = 'eu-central-1') =>
  `arn:aws:${service}:${region}:111122223333:${name}`;
const gateway = (path: string) => `arn:aws:apigateway:eu-central-1::/${path}`;
const rest = ['apigateway:POST', 'apigateway:GET', 'apigateway:PATCH', 'apigateway:DELETE'];
const named = (service: string, ...actions: string[]) => actions.map((action) => `${service}:${action}`);

/** For each resource type, an ARN and the calls that create, tag, change and delete it. */
const calls: Record<string, [arn: string, actions: string[]]> = {
  'AWS::ApiGateway::BasePathMapping': [gateway('domainnames/api.example.com/basepathmappings'), rest],
  'AWS::ApiGateway::Deployment': [gateway('restapis/abc/deployments'), rest],
  'AWS::ApiGateway::DomainName': [gateway('domainnames'), rest],
  'AWS::ApiGateway::RestApi': [gateway('restapis/abc'), [...rest, 'apigateway:PUT']],
  'AWS::ApiGateway::Stage': [gateway('restapis/abc/stages/prod'), rest],
  'AWS::Budgets::Budget': [arn('budgets', `budget/${stack}`, ''), named('budgets', 'ModifyBudget', 'ViewBudget')],
  'AWS::CloudFront::Distribution': [
    arn('cloudfront', 'distribution/E1', ''),
    named(
      'cloudfront',
      'CreateDistribution',
      'TagResource',
      'GetDistribution',
      'UpdateDistribution',
      'DeleteDistribution',
    ),
  ],
  'AWS::CloudFront::OriginAccessControl': [
    arn('cloudfront', 'origin-access-control/E1', ''),
    named('cloudfront', 'CreateOriginAccessControl', 'UpdateOriginAccessControl', 'DeleteOriginAccessControl'),
  ],
  'AWS::CloudWatch::Alarm': [
    arn('cloudwatch', `alarm:${stack}-ApiFailuresAlarm-1`),
    named('cloudwatch', 'PutMetricAlarm', 'TagResource', 'DescribeAlarms', 'DeleteAlarms'),
  ],
  'AWS::CloudWatch::Dashboard': [
    arn('cloudwatch', `dashboard/${stack}-eu-central-1`, ''),
    named('cloudwatch', 'PutDashboard', 'GetDashboard', 'DeleteDashboards'),
  ],
  'AWS::DynamoDB::Table': [
    arn('dynamodb', `table/${stack}`),
    named(
      'dynamodb',
      ...['CreateTable', 'DescribeTable', 'UpdateTable', 'DeleteTable', 'TagResource', 'UpdateTimeToLive'],
      ...['UpdateContinuousBackups', 'DescribeContinuousBackups', 'DescribeTimeToLive'],
    ),
  ],
  'AWS::IAM::Role': [
    arn('iam', `role/${stack}-AuthSendOtpRole-1`, ''),
    named('iam', 'CreateRole', 'PutRolePolicy', 'PassRole', 'TagRole', 'GetRole', 'DeleteRolePolicy', 'DeleteRole'),
  ],
  'AWS::KMS::Key': [
    arn('kms', 'key/1'),
    named('kms', 'CreateKey', 'TagResource', 'EnableKeyRotation', 'PutKeyPolicy', 'ScheduleKeyDeletion'),
  ],
  'AWS::Lambda::EventSourceMapping': [
    arn('lambda', 'event-source-mapping:1'),
    named('lambda', 'CreateEventSourceMapping', 'GetEventSourceMapping', 'TagResource', 'DeleteEventSourceMapping'),
  ],
  'AWS::Lambda::Function': [
    arn('lambda', `function:${stack}-authSendOtp`),
    named(
      'lambda',
      ...['CreateFunction', 'GetFunction', 'UpdateFunctionCode', 'UpdateFunctionConfiguration', 'DeleteFunction'],
      ...['TagResource', 'PutFunctionConcurrency', 'DeleteFunctionConcurrency'],
    ),
  ],
  'AWS::Logs::LogGroup': [
    arn('logs', `log-group:/aws/lambda/${stack}`),
    named('logs', 'CreateLogGroup', 'PutRetentionPolicy', 'TagResource', 'DeleteLogGroup'),
  ],
  'AWS::Logs::MetricFilter': [
    arn('logs', `log-group:/aws/lambda/${stack}:*`),
    named('logs', 'PutMetricFilter', 'DescribeMetricFilters', 'DeleteMetricFilter'),
  ],
  'AWS::Lambda::Permission': [
    arn('lambda', `function:${stack}-suppressEmails`),
    named('lambda', 'AddPermission', 'GetPolicy', 'RemovePermission'),
  ],
  'AWS::S3::Bucket': [
    `arn:aws:s3:::${stack}-images-1`,
    named(
      's3',
      ...['CreateBucket', 'DeleteBucket', 'PutEncryptionConfiguration', 'PutBucketPublicAccessBlock'],
      ...['PutBucketOwnershipControls', 'PutBucketTagging'],
    ),
  ],
  'AWS::S3::BucketPolicy': [
    `arn:aws:s3:::${stack}-images-1`,
    named('s3', 'PutBucketPolicy', 'GetBucketPolicy', 'DeleteBucketPolicy'),
  ],
  'AWS::SES::ConfigurationSet': [
    arn('ses', `configuration-set/${stack}`),
    named(
      'ses',
      ...['CreateConfigurationSet', 'GetConfigurationSet', 'DeleteConfigurationSet', 'TagResource'],
      ...['PutConfigurationSetDeliveryOptions', 'PutConfigurationSetSuppressionOptions'],
    ),
  ],
  'AWS::SES::ConfigurationSetEventDestination': [
    arn('ses', `configuration-set/${stack}`),
    named(
      'ses',
      ...['CreateConfigurationSetEventDestination', 'GetConfigurationSetEventDestinations'],
      ...['UpdateConfigurationSetEventDestination', 'DeleteConfigurationSetEventDestination'],
    ),
  ],
  'AWS::Events::Rule': [
    arn('events', `rule/${stack}-ApplyPhoneChanges-1`),
    named('events', 'PutRule', 'DescribeRule', 'PutTargets', 'RemoveTargets', 'DeleteRule'),
  ],
  'AWS::SNS::Subscription': [arn('sns', `${stack}-alarms`), named('sns', 'Subscribe', 'Unsubscribe')],
  'AWS::SNS::Topic': [
    arn('sns', `${stack}-alarms`),
    named('sns', 'CreateTopic', 'SetTopicAttributes', 'GetTopicAttributes', 'TagResource', 'DeleteTopic'),
  ],
  'AWS::SNS::TopicPolicy': [
    arn('sns', `${stack}-email-events`),
    named('sns', 'SetTopicAttributes', 'GetTopicAttributes'),
  ],
  'AWS::SQS::Queue': [
    arn('sqs', `${stack}-Broadcasts-1`),
    named('sqs', 'CreateQueue', 'SetQueueAttributes', 'GetQueueAttributes', 'TagQueue', 'DeleteQueue'),
  ],
  'AWS::WAFv2::WebACL': [
    arn('wafv2', 'regional/webacl/WebAcl-1/1'),
    named('wafv2', 'CreateWebACL', 'UpdateWebACL', 'GetWebACL', 'TagResource', 'DeleteWebACL'),
  ],
  'AWS::WAFv2::WebACLAssociation': [
    gateway('restapis/abc/stages/prod'),
    ['wafv2:AssociateWebACL', 'wafv2:DisassociateWebACL', 'apigateway:SetWebACL'],
  ],
};

let template: Template;
beforeAll(async () => {
  const copy = copyService();
  const params = {
    alarmEmail: 'alarms@example.com',
    monthlyBudgetUsd: '100',
    domainName: 'api.example.com',
    certificateArn: arn('acm', 'certificate/1'),
    pushAndroidApplication: arn('sns', 'app/GCM/shop'),
    emailSender: 'shop@shop.example',
    permissionsBoundary: 'bound',
  };
  const options = Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  try {
    await copy.serverless(['package', '--stage', 'prod', ...options]);
    template = copy.template();
  } finally {
    copy.delete();
  }
});
const rolesOf = ({ Resources }: Template) =>
  Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');

test('CloudFormation may create, change and delete each resource type of a stage', () => {
  const types = [...new Set(Object.values(template.Resources).map(({ Type }: Resource) => Type))];
  expect(Object.keys(calls)).toEqual(expect.arrayContaining(types));
  const denied = types.flatMap((type) => {
    const [resource, actions] = calls[type] ?? ['', []];
    return actions
      .filter((action) => !allows(policies.cloudformation, action, resource))
      .map((action) => [type, action]);
  });
  expect(denied).toEqual([]);
});

test('CloudFormation may change neither another stage nor the deployment roles', () => {
  const others = ['role/customer-backend-dev-AuthSendOtpRole-1', 'role/deploy-customer-backend-prod'];
  for (const name of others)
    expect(allows(policies.cloudformation, 'iam:PutRolePolicy', arn('iam', name, ''))).toBe(false);
  for (const [service, name] of [
    ['dynamodb', 'table/customer-backend-dev'],
    ['dynamodb', 'table/customer-backend-production'],
    ['lambda', 'function:customer-backend-dev-authSendOtp'],
    ['sqs', 'customer-backend-dev-Broadcasts-1'],
  ] as const) {
    const action = { dynamodb: 'DeleteTable', lambda: 'DeleteFunction', sqs: 'DeleteQueue' }[service];
    expect(allows(policies.cloudformation, `${service}:${action}`, arn(service, name))).toBe(false);
  }
});

test('CloudFormation may grant permissions only to roles with the boundary', () => {
  const grantingActions = [
    'iam:CreateRole',
    'iam:PutRolePolicy',
    'iam:AttachRolePolicy',
    'iam:PutRolePermissionsBoundary',
  ];
  const statements = policies.cloudformation.filter(({ Action }) =>
    Action.some((action) => grantingActions.includes(action)),
  );
  expect(statements).toHaveLength(1);
  expect(statements[0]?.Condition?.StringEquals).toEqual({
    'iam:PermissionsBoundary': 'arn:aws:iam::111122223333:policy/bound',
  });
  expect(policies.cloudformation.flatMap(({ Action }) => Action)).not.toContain('iam:DeleteRolePermissionsBoundary');
});

test('each role of a stage has the boundary', () => {
  for (const [, { Properties }] of rolesOf(template)) {
    expect(Properties.PermissionsBoundary).toEqual({
      'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:policy/bound`,
    });
  }
});

/** Resolves an ARN in the template as CloudFormation does. */
// biome-ignore lint/suspicious/noExplicitAny: a value of a template
function resolve(value: any): string {
  if (typeof value === 'string') return value;
  const [id = '', attribute = ''] = value['Fn::GetAtt'] ?? [];
  const text: string = value['Fn::Sub'] ?? `\${${id}.${attribute}}`;
  const arns: Record<string, string> = {
    'Table.Arn': arn('dynamodb', `table/${stack}`),
    'Table.StreamArn': arn('dynamodb', `table/${stack}/stream/2026-01-01T00:00:00.000`),
    'FunctionLogs.Arn': arn('logs', `log-group:/aws/lambda/${stack}:*`),
    'Images.Arn': `arn:aws:s3:::${stack}-images-1`,
    'FailedChanges.Arn': arn('sqs', `${stack}-FailedChanges-1`),
    'Broadcasts.Arn': arn('sqs', `${stack}-Broadcasts-1`),
    'AWS::Partition': 'aws',
    'AWS::Region': 'eu-central-1',
    'AWS::AccountId': '111122223333',
  };
  return text.replaceAll(/\$\{([\w.:]+)\}/g, (_, name) => {
    if (!arns[name]) throw new Error(`${name} has no ARN here.`);
    return arns[name];
  });
}

test('the boundary allows what the roles of the functions and of the API allow', () => {
  const denied: unknown[] = [];
  for (const [id, { Properties }] of rolesOf(template)) {
    for (const { Action, Resource = '+201001234567' } of Properties.Policies[0].PolicyDocument.Statement) {
      for (const resource of [Resource].flat().map(resolve)) {
        for (const action of Action) if (!allows(boundary, action, resource)) denied.push([id, action, resource]);
      }
    }
  }
  expect(denied).toEqual([]);
});

test('functions push through the application of the stage, and send e-mails from its sender alone', () => {
  const resourcesOf = (action: string) =>
    rolesOf(template)
      .flatMap(([, { Properties }]) => Properties.Policies[0].PolicyDocument.Statement)
      .filter(({ Action, Resource }: Statement) => Resource && Action.includes(action))
      .flatMap(({ Resource }: { Resource: unknown[] }) => [Resource].flat().map(resolve));
  expect(new Set(resourcesOf('sns:Publish'))).toEqual(new Set([arn('sns', 'endpoint/GCM/shop/*')]));
  const identities = ['shop@shop.example', 'shop.example'].map((name) => arn('ses', `identity/${name}`));
  expect(new Set(resourcesOf('ses:SendEmail'))).toEqual(
    new Set([...identities, arn('ses', `configuration-set/${stack}`)]),
  );
});

test('the boundary allows nothing that no role needs', () => {
  const needed = rolesOf(template).flatMap(([, { Properties }]) =>
    Properties.Policies[0].PolicyDocument.Statement.flatMap(({ Action }: Statement) => Action),
  );
  expect(new Set(boundary.flatMap(({ Action }) => Action))).toEqual(new Set(needed));
});

test('the boundary fits the size limit of a managed policy, and the other policies that of a role', () => {
  const sizeOf = (name: string) =>
    JSON.stringify(JSON.parse(readFileSync(new URL(`policies/${name}.json`, import.meta.url), 'utf8'))).length;
  expect(sizeOf('boundary')).toBeLessThan(6_144);
  for (const name of Object.keys(policies)) expect(sizeOf(name)).toBeLessThan(10_240);
});
