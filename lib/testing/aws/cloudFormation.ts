import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import type { Template } from './template.ts';

interface Stack {
  template: Template;
  status: 'CREATE_COMPLETE' | 'UPDATE_COMPLETE';
  parameters?: Record<string, string>;
  /** ARNs of the alarms that would have rolled the last change back. */
  rollbackAlarms?: string[];
}

export interface CloudFormation {
  url: string;
  stacks: Map<string, Stack>;
  stop: () => Promise<void>;
}

/** A result in the AWS query protocol, before it becomes XML. */
type QueryResult = string | QueryResult[] | { [name: string]: QueryResult };

export const bucketName = (stackName: string, logicalId: string) => `${stackName}-${logicalId}`.toLowerCase();

/**
 * Starts a stand-in for the parts of CloudFormation and STS that `serverless deploy` and
 * `serverless remove` call. A stack is only its template. The given S3 server has the templates,
 * and the buckets of the stacks.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html
 */
export async function startCloudFormation(s3Url: string): Promise<CloudFormation> {
  const stacks = new Map<string, Stack>();
  const planned = new Map<string, Omit<Stack, 'status'>>();

  async function templateIn(query: URLSearchParams): Promise<Template> {
    const body = query.get('TemplateBody');
    if (body) return JSON.parse(body);
    const { pathname } = new URL(query.get('TemplateURL') ?? '');
    return (await (await fetch(`${s3Url}${pathname}`)).json()) as Template;
  }

  /** Returns the result of an action, or undefined if the stack or resource does not exist. */
  async function result(action: string | null, query: URLSearchParams): Promise<QueryResult | undefined> {
    const name = (query.get('StackName') ?? '').replace(/^arn:.*:stack\/(.+)\/1$/, '$1');
    const StackId = `arn:aws:cloudformation:eu-central-1:123456789012:stack/${name}/1`;
    const logicalId = query.get('LogicalResourceId') ?? '';
    const stack = stacks.get(name);
    const plan = planned.get(name);
    switch (action) {
      case 'GetCallerIdentity':
        return { Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/deployer', UserId: 'deployer' };
      case 'ValidateTemplate':
        await templateIn(query);
        return {};
      case 'CreateChangeSet':
        planned.set(name, {
          template: await templateIn(query),
          parameters: Object.fromEntries(
            membersOf(query, 'Parameters', 'ParameterKey').map((key, index) => [
              key,
              query.get(`Parameters.member.${index + 1}.ParameterValue`) ?? stack?.parameters?.[key] ?? '',
            ]),
          ),
          rollbackAlarms: membersOf(query, 'RollbackConfiguration.RollbackTriggers', 'Arn'),
        });
        assertDeclared(planned.get(name));
        return { StackId };
      case 'DescribeChangeSet':
        return plan && { StackId, StackName: name, Status: 'CREATE_COMPLETE' };
      case 'DeleteChangeSet':
        planned.delete(name);
        return {};
      case 'ExecuteChangeSet':
        if (!plan) return undefined;
        for (const bucket of bucketsOf(plan.template))
          await fetch(`${s3Url}/${bucketName(name, bucket)}`, { method: 'PUT' });
        stacks.set(name, { ...plan, status: stack ? 'UPDATE_COMPLETE' : 'CREATE_COMPLETE' });
        return {};
      case 'DeleteStack':
        stacks.delete(name);
        return {};
      case 'DescribeStacks':
        return stack && { Stacks: [{ StackId, StackName: name, StackStatus: stack.status, ...describe(stack) }] };
      case 'DescribeStackEvents': {
        const about = { LogicalResourceId: name, StackName: name, ResourceType: 'AWS::CloudFormation::Stack' };
        const statuses = stack ? [stack.status, stack.status.replace('COMPLETE', 'IN_PROGRESS')] : [];
        return (
          stack && { StackEvents: statuses.map((status) => ({ ...about, EventId: status, ResourceStatus: status })) }
        );
      }
      case 'ListStackResources':
        return stack && { StackResourceSummaries: [] };
      case 'DescribeStackResource':
        if (!stack || !bucketsOf(stack.template).includes(logicalId)) return undefined;
        return {
          StackResourceDetail: { PhysicalResourceId: bucketName(name, logicalId), ResourceStatus: stack.status },
        };
      default:
        throw new Error(`${action} is not supported by this stand-in.`);
    }
  }

  // Serverless tags the stage of an API after the deployment, if it finds the API.
  const app = new Hono()
    .get('/restapis', (context) => context.json({ item: [] }))
    .post('/', async (context) => {
      // Serverless asks ECR in JSON whether the stage has container images.
      if (context.req.header('x-amz-target')) return context.json({ __type: 'RepositoryNotFoundException' }, 400);
      const query = new URLSearchParams(await context.req.text());
      const action = query.get('Action');
      const found = await result(action, query);
      if (found) return context.body(xml({ [`${action}Response`]: { [`${action}Result`]: found } }));
      const Message = `Stack with id ${query.get('StackName')} does not exist`;
      return context.body(xml({ ErrorResponse: { Error: { Code: 'ValidationError', Message } } }), 400);
    });
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stacks,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function membersOf(query: URLSearchParams, list: string, field: string): string[] {
  const members: string[] = [];
  for (let number = 1; ; number++) {
    const value = query.get(`${list}.member.${number}.${field}`);
    if (value === null) return members;
    members.push(value);
  }
}

/** @throws as CloudFormation rejects a parameter that the template does not declare */
function assertDeclared(plan: Omit<Stack, 'status'> | undefined): void {
  for (const name of Object.keys(plan?.parameters ?? {})) {
    if (!plan?.template.Parameters?.[name]) throw new Error(`Parameters: [${name}] do not exist in the template`);
  }
}

/** Returns the outputs, which list the rollback alarms by name. */
function describe({ parameters = {}, template }: Stack): { [name: string]: QueryResult } {
  const alarms = Object.keys(template.Outputs ?? {}).filter((name) => name.startsWith('RollbackAlarm'));
  return {
    Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
    Outputs: alarms.map((OutputKey) => ({ OutputKey, OutputValue: `arn:aws:cloudwatch:::alarm:${OutputKey}` })),
  };
}

function bucketsOf({ Resources }: Template): string[] {
  return Object.entries(Resources).flatMap(([logicalId, { Type }]) => (Type === 'AWS::S3::Bucket' ? logicalId : []));
}

function xml(value: QueryResult): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((member) => `<member>${xml(member)}</member>`).join('');
  return Object.entries(value)
    .map(([name, value]) => `<${name}>${xml(value)}</${name}>`)
    .join('');
}
