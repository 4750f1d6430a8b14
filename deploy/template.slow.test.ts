import { readFileSync } from 'node:fs';
import { readFunctions, readService } from '../lib/http/routes.ts';
import { packageStages, type Resource, type Template } from '../lib/testing/template.ts';
import pushPermissions from './push.cjs';

let dev: Template;
let prod: Template;
beforeAll(async () => {
  ({ dev, prod } = await packageStages(['dev', 'prod']));
});

const ofType = ({ Resources }: Template, type: string): Resource[] =>
  Object.values(Resources).filter(({ Type }) => Type === type);
const logicalId = (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}`;
const functions = readFunctions();
/** What the roles allow, statement by statement, with the name of the function. */
const grants = (template: Template) =>
  functions.flatMap(({ functionName }) =>
    template.Resources[`${logicalId(functionName)}IamRoleLambdaExecution`]?.Properties.Policies.flatMap(
      // biome-ignore lint/suspicious/noExplicitAny: a policy as AWS writes it
      ({ PolicyDocument }: any) =>
        PolicyDocument.Statement.map((statement: object) => ({ functionName, ...statement })),
    ),
  );

test.each(functions)(
  '$functionName has a log group that forgets, a role of its own, and an alarm',
  ({ functionName }) => {
    const { Resources } = prod;
    const id = logicalId(functionName);
    const properties = Resources[`${id}LambdaFunction`]?.Properties;
    expect(Resources[`${id}LogGroup`]?.Properties.RetentionInDays).toBe(90);
    expect(properties.Role).toEqual({ 'Fn::GetAtt': [`${id}IamRoleLambdaExecution`, 'Arn'] });
    expect([properties.Runtime, properties.Architectures, properties.TracingConfig]).toEqual([
      'nodejs24.x',
      ['arm64'],
      { Mode: 'Active' },
    ]);
    const watched = ofType(prod, 'AWS::CloudWatch::Alarm').filter((alarm) =>
      JSON.stringify(alarm).includes(`{"Ref":"${id}LambdaFunction"}`),
    );
    expect(watched.length).toBeGreaterThan(0);
  },
);

test('leaves room in the 500 resources that a stack can have', () => {
  expect(Object.keys(prod.Resources).length).toBeLessThan(450);
});

test('opens nothing to the public but the API, and the images to their CDN', () => {
  for (const { Properties } of ofType(prod, 'AWS::Lambda::Permission')) {
    expect(Properties.Principal).toBe('apigateway.amazonaws.com');
  }
  expect(ofType(prod, 'AWS::Lambda::Url')).toEqual([]);
  for (const { Properties } of ofType(prod, 'AWS::S3::BucketPolicy')) {
    for (const { Effect, Principal } of Properties.PolicyDocument.Statement) {
      if (Effect === 'Allow') expect(Principal).toEqual({ Service: 'cloudfront.amazonaws.com' });
    }
  }
  const images = prod.Resources.Images?.Properties.PublicAccessBlockConfiguration;
  expect(Object.values(images)).toEqual([true, true, true, true]);
});

test('encrypts whatever rests', () => {
  expect(prod.Resources.Table?.Properties.SSESpecification).toEqual({ SSEEnabled: true });
  for (const bucket of ofType(prod, 'AWS::S3::Bucket')) expect(bucket.Properties.BucketEncryption).toBeDefined();
  for (const queue of ofType(prod, 'AWS::SQS::Queue')) expect(queue.Properties.SqsManagedSseEnabled).toBe(true);
  for (const topic of ofType(prod, 'AWS::SNS::Topic')) expect(topic.Properties.KmsMasterKeyId).toBeDefined();
});

test('protects the data of prod, and of no other stage', () => {
  const kept = (template: Template) =>
    ['Table', 'Images']
      .map((name) => template.Resources[name]?.DeletionPolicy)
      .concat(String(template.Resources.Table?.Properties.DeletionProtectionEnabled));
  expect([kept(prod), kept(dev)]).toEqual([
    ['RetainExceptOnCreate', 'RetainExceptOnCreate', 'true'],
    ['Delete', 'Delete', 'false'],
  ]);
  for (const { Resources } of [prod, dev]) {
    expect(Resources.Table?.Properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled).toBe(true);
  }
});

test('names in every permission what it is for, where AWS has a name for it', () => {
  const withoutName = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'sns:GetSMSAttributes'];
  for (const { Action, Resource, NotResource } of grants(prod)) {
    const isAll = JSON.stringify(Resource ?? '').includes('"*"');
    if (isAll) expect(withoutName).toEqual(expect.arrayContaining([Action].flat()));
    if (NotResource) expect(Action).toEqual(['sns:Publish']);
    const isAnyEndpoint = /:(app|endpoint)\/\*/.test(JSON.stringify(Resource ?? ''));
    if (isAnyEndpoint) expect(Action).toEqual(['sns:SetEndpointAttributes', 'sns:DeleteEndpoint']);
    expect([Action].flat().filter((action: string) => action.includes('*'))).toEqual([]);
  }
});

test('lets pushes go through the applications of the stage and no others', async () => {
  const applications: Record<string, string> = {
    'param:pushAndroidApplication': 'arn:aws:sns:eu-central-1:111122223333:app/GCM/shop',
    'param:pushIosApplication': 'arn:aws:sns:eu-central-1:111122223333:app/APNS/shop',
    'param:pushWebApplication': 'arn:aws:sns:eu-central-1:111122223333:app/GCM/shop',
  };
  const endpoints = [
    'arn:aws:sns:eu-central-1:111122223333:endpoint/GCM/shop/*',
    'arn:aws:sns:eu-central-1:111122223333:endpoint/APNS/shop/*',
  ];
  expect(await pushPermissions({ resolveVariable: async (name) => applications[name] ?? '' })).toEqual({
    applications: [...new Set(Object.values(applications))],
    endpoints,
  });
  const publishing = grants(prod).filter(({ Action, Resource }) => Resource && [Action].flat().includes('sns:Publish'));
  expect(publishing.map(({ functionName }) => functionName)).toEqual(['deliverPush']);
  expect(JSON.stringify(publishing)).toContain(':app/GCM/none');
});

test('lets only functions that mint tokens read the private keys', () => {
  const readers = grants(prod)
    .filter((grant: object) => JSON.stringify(grant).includes('/signing-keys'))
    .map(({ functionName }: { functionName: string }) => functionName);
  expect(readers.sort()).toEqual(['authenticate', 'login', 'refresh', 'signup', 'verifyPhone']);
});

test('throttles every method of the API, and what sends messages the most', () => {
  const settings = prod.Resources.ApiGatewayStage?.Properties.MethodSettings as {
    ResourcePath: string;
    ThrottlingRateLimit: number;
  }[];
  const rates = new Map(settings.map(({ ResourcePath, ThrottlingRateLimit }) => [ResourcePath, ThrottlingRateLimit]));
  expect(rates.get('/*')).toBeGreaterThan(0);
  expect(rates.get('/~1api~1sms~1send-auth-otp')).toBe(Math.min(...rates.values()));
});

test('describes the stage of the API where a second deployment can change it', () => {
  const [deployment] = ofType(prod, 'AWS::ApiGateway::Deployment');
  expect(deployment?.Properties.StageName).toBeUndefined();
  expect(deployment?.Properties.StageDescription).toBeUndefined();
  const answers = Object.entries(prod.Resources).filter(([, { Type }]) => Type === 'AWS::ApiGateway::GatewayResponse');
  expect(answers.length).toBeGreaterThan(5);
  expect(deployment?.DependsOn).toEqual(expect.arrayContaining(answers.map(([name]) => name)));
});

test('logs each request in prod without a name, an address, an agent or a query', () => {
  const { Format } = prod.Resources.ApiGatewayStage?.Properties.AccessLogSetting ?? {};
  expect(Object.values(JSON.parse(Format))).toContain('$context.resourcePath');
  expect(Format).not.toMatch(/identity|authorizer|context\.path\b|queryString|userAgent|sourceIp/);
});

test('two stages share no name, and differ only in what params set', () => {
  const { params } = readService();
  const [ofDev, ofProd] = [params.dev, params.prod].map((own) => ({ ...params.default, ...own }));
  const byParams = Object.keys(params.default ?? {}).map((name) => [String(ofDev?.[name]), String(ofProd?.[name])]);
  const known = new Set(byParams.map((pair) => JSON.stringify(pair)));
  const differences: [string, unknown, unknown][] = [];
  const compare = (path: string, one: unknown, other: unknown): void => {
    if (/S3Key$|AccessLogSetting|DEPLOYMENT/.test(path)) return;
    if (typeof one === 'object' && typeof other === 'object' && one && other) {
      for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
        compare(`${path}/${key}`, Reflect.get(one, key), Reflect.get(other, key));
      }
      return;
    }
    const named = typeof other === 'string' ? other.replaceAll(/\bprod\b/g, 'dev') : other;
    if (one !== named && !known.has(JSON.stringify([String(one), String(other)]))) differences.push([path, one, other]);
  };
  const stable = (template: Template) =>
    JSON.parse(JSON.stringify(template).replaceAll(/ApiGatewayDeployment\d+/g, 'DEPLOYMENT'));
  const [one, other] = [stable(dev), stable(prod)];
  compare('', one, other);
  expect(differences).toEqual([]);
  expect(JSON.stringify(one)).not.toMatch(/customer-backend-prod|prod-customer-backend|customer-backend\/prod/);
  expect(JSON.stringify(other)).not.toMatch(/customer-backend-dev|dev-customer-backend|customer-backend\/dev/);
});

describe('GitHub', () => {
  const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

  test('may take a role for one environment of one repository only', () => {
    const { Statement } = JSON.parse(read('deploy/github-trust.json'));
    expect(Statement).toHaveLength(1);
    expect(Statement[0].Action).toBe('sts:AssumeRoleWithWebIdentity');
    expect(Statement[0].Condition).toEqual({
      StringEquals: {
        'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
        'token.actions.githubusercontent.com:sub': 'repo:OWNER/REPOSITORY:environment:STAGE',
      },
    });
  });

  test.each(['ci', 'deploy', 'deploy-stage'])(
    'pins every action of %s.yml by its commit, and has the rights it names',
    (name) => {
      const workflow = read(`.github/workflows/${name}.yml`);
      for (const [, used] of workflow.matchAll(/uses: (\S+)/g)) expect(used).toMatch(/@[0-9a-f]{40}$|^\.\/\.github\//);
      expect(workflow).toMatch(/^permissions:\n {2}contents: read$/m);
      expect(workflow).not.toMatch(/AWS_SECRET_ACCESS_KEY|pull_request_target/);
    },
  );
});
