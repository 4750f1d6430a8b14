import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ApiError } from '../lib/errors.ts';
import type { Contract } from '../lib/http/contract.ts';
import { type ErrorFormat, envelope, standard } from '../lib/http/errorFormats.ts';
import { readFunctions, readRoutes, readService } from '../lib/openapi/routes.ts';
import { actions } from '../lib/operators/auditLog.ts';
import { operatorLogPartitionOf } from '../lib/table/keys.ts';
import { copyService, packageStages, type Template } from '../lib/testing/aws/template.ts';
import { describeApi, routesOf } from './apiDocument.ts';
import { bundleFunctions } from './bundle.ts';
import { decideConditions } from './conditions.ts';
import { permissionsOf } from './permissions.ts';
import type { Resource, Resources } from './template.ts';

let dev: Template;
let prod: Template;
beforeAll(async () => {
  ({ dev, prod } = await packageStages(['dev', 'prod']));
});

const ofType = ({ Resources }: Template, type: string): Resource[] =>
  Object.values(Resources).filter(({ Type }) => Type === type);
/** A path and those above it. */
const parentsOf = (path: string) => {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/') || '/');
};
const logicalId = (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}`;
const functions = readFunctions();
/** Returns all statements of the roles, each with the name of its function. */
const grants = (template: Template) =>
  functions.flatMap(({ functionName }) =>
    template.Resources[`${logicalId(functionName)}Role`]?.Properties.Policies.flatMap(
      // biome-ignore lint/suspicious/noExplicitAny: a policy as AWS writes it
      ({ PolicyDocument }: any) =>
        PolicyDocument.Statement.map((statement: object) => ({ functionName, ...statement })),
    ),
  );

test.each(functions)(
  '$functionName logs into the log group of the stage, and has a role of its own',
  ({ functionName }) => {
    const { Resources } = prod;
    const id = logicalId(functionName);
    const properties = Resources[`${id}LambdaFunction`]?.Properties;
    expect(properties.LoggingConfig).toEqual({ LogGroup: { Ref: 'FunctionLogs' } });
    expect(properties.Role).toEqual({ 'Fn::GetAtt': [`${id}Role`, 'Arn'] });
    expect([properties.Runtime, properties.Architectures, properties.TracingConfig]).toEqual([
      'nodejs24.x',
      ['arm64'],
      { Mode: 'Active' },
    ]);
  },
);

test('deletes logs after the days that a stage sets', () => {
  const daysOf = (template: Template) =>
    ofType(template, 'AWS::Logs::LogGroup').map((group) => group.Properties.RetentionInDays);
  expect([daysOf(prod), daysOf(dev)]).toEqual([
    [90, 90],
    [30, 30],
  ]);
});

test('rings an alarm when SSM does not give functions their secrets', () => {
  expect(prod.Resources.SecretsAlarm?.Properties).toMatchObject({
    Namespace: 'customer-backend-prod',
    MetricName: 'SecretsUnavailable',
    Statistic: 'Sum',
    Threshold: 0,
    ComparisonOperator: 'GreaterThanThreshold',
  });
});

test('gives the domain of images to the functions that show or keep images, and to no others', async () => {
  const bundles = await bundleFunctions();
  const uses = bundles.map(({ functionName, inputs }) => ({
    functionName,
    hasImages: inputs.includes('lib/images/urls.ts'),
  }));
  const environments = functions.map(({ functionName }) => {
    const { Environment } = prod.Resources[`${logicalId(functionName)}LambdaFunction`]?.Properties ?? {};
    return { functionName, hasImages: 'IMAGES_URL' in Environment.Variables };
  });
  expect(environments).toEqual(uses);
});

const imagesUrlIn = (resources: Resources) =>
  resources.CustomersGetLambdaFunction?.Properties.Environment.Variables.IMAGES_URL;

test('serves images at a domain where a stage has one, and else at that of CloudFront', async () => {
  const copy = copyService();
  try {
    const arn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
    const params = ['--param', 'imagesDomainName=images.shop.example', '--param', `imagesCertificateArn=${arn}`];
    await copy.serverless(['package', '--stage', 'dev', ...params]);
    const { Resources, Outputs } = copy.template();
    expect(Resources.ImagesCdn?.Properties.DistributionConfig).toMatchObject({
      Aliases: ['images.shop.example'],
      ViewerCertificate: { AcmCertificateArn: arn, SslSupportMethod: 'sni-only' },
    });
    expect(imagesUrlIn(Resources)).toBe('https://images.shop.example');
    expect(Outputs).toHaveProperty('ImagesTarget');
  } finally {
    copy.delete();
  }
  const { DistributionConfig } = dev.Resources.ImagesCdn?.Properties ?? {};
  for (const name of ['Aliases', 'ViewerCertificate']) expect(DistributionConfig).not.toHaveProperty(name);
  expect(imagesUrlIn(dev.Resources)).toEqual({ 'Fn::Sub': `https://\${ImagesCdn.DomainName}` });
  expect(dev.Outputs).not.toHaveProperty('ImagesTarget');
});

test('leaves room in the 500 resources that a stack can have', () => {
  expect(Object.keys(prod.Resources).length).toBeLessThanOrEqual(202);
});

test('has room for 120 endpoints, each of which takes two resources', async () => {
  const copy = copyService();
  try {
    const missing = 120 - readRoutes().length;
    const more = Array.from(
      { length: missing },
      (_, index) =>
        `  more${index}: { handler: functions/health/get.handler, events: [{ http: 'GET /api/more/${index}/{id}/' }], permissions: [get] }\n`,
    );
    copy.edit('serverless.yml', (text) => text.replace('functions:\n', `functions:\n${more.join('')}`));
    const printed = await copy.serverless(['package', '--stage', 'prod']);
    const count = Object.keys(copy.template().Resources).length;
    expect(count).toBe(Object.keys(prod.Resources).length + 2 * missing);
    expect(count).toBeLessThan(500);
    expect(printed).toContain(`The stack has ${count} resources, which leaves ${500 - count}.`);
    expect(Object.keys(routesOf(copy.template().Resources))).toContain('GET /api/more/0/{id}');
  } finally {
    copy.delete();
  }
});

test('reports bounces and complaints to a worker where a stage has a sender of e-mails, and otherwise adds no resources', async () => {
  const isOfEmail = ([id]: [string, unknown]) => /^Email/.test(id);
  expect(Object.entries(prod.Resources).filter(isOfEmail)).toEqual([]);
  const copy = copyService();
  try {
    await copy.serverless(['package', '--stage', 'dev', '--param', 'emailSender=shop@shop.example']);
    const { Resources } = copy.template();
    expect(Object.fromEntries(Object.entries(Resources).filter(isOfEmail))).toMatchObject({
      EmailConfigurationSet: { Properties: { Name: 'customer-backend-dev' } },
      EmailEventDestination: {
        Properties: {
          EventDestination: {
            MatchingEventTypes: ['bounce', 'complaint'],
            SnsDestination: { TopicARN: { Ref: 'EmailEvents' } },
          },
        },
      },
      EmailEvents: { Properties: { KmsMasterKeyId: { Ref: 'AlarmsKey' } } },
      EmailEventsPolicy: { Type: 'AWS::SNS::TopicPolicy' },
      EmailEventsSubscription: { Properties: { Protocol: 'lambda', TopicArn: { Ref: 'EmailEvents' } } },
      EmailEventsPermission: {
        Properties: { Principal: 'sns.amazonaws.com', SourceArn: { Ref: 'EmailEvents' } },
      },
    });
    const { Variables } = Resources.CustomersSetEmailLambdaFunction?.Properties.Environment ?? {};
    expect(Variables).toMatchObject({
      EMAIL_SENDER: 'shop@shop.example',
      EMAIL_CONFIGURATION_SET: 'customer-backend-dev',
    });
  } finally {
    copy.delete();
  }
});

test('describes every route of serverless.yml in the document of the API, and the fallback for the others', () => {
  const anyMethod = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];
  const routes = readRoutes();
  const paths = ['/{proxy+}', ...routes.flatMap(({ resource }) => parentsOf(resource))];
  expect(routesOf(prod.Resources)).toEqual({
    ...Object.fromEntries(paths.flatMap((path) => anyMethod.map((method) => [`${method} ${path}`, 'Fallback']))),
    ...Object.fromEntries(
      routes.map(({ method, resource, functionName }) => [`${method} ${resource}`, logicalId(functionName)]),
    ),
  });
});

test('lets the API invoke the functions of its own stage and nothing else', () => {
  const { Policies } = prod.Resources.ApiInvokeRole?.Properties ?? {};
  expect(Policies[0].PolicyDocument.Statement[0].Resource).toEqual({
    'Fn::Sub': `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:customer-backend-prod-*`,
  });
  expect(ofType(prod, 'AWS::Lambda::Permission')).toEqual([]);
});

test("lets browsers read API Gateway's own responses from any origin that the stage allows", async () => {
  const { default: gateway } = await import('./gateway.cjs');
  const own = gateway.resources.Resources;
  const responsesFor = (corsOrigins: string) => {
    const resources = JSON.parse(JSON.stringify(own));
    const compiled: Resources = { ApiGatewayRestApi: { Type: 'AWS::ApiGateway::RestApi', Properties: {} } };
    describeApi(compiled, resources, { functionPrefix: 'shop-', corsOrigins });
    const responses = compiled.ApiGatewayRestApi?.Properties.Body['x-amazon-apigateway-gateway-responses'];
    return Object.values(responses as Record<string, { responseParameters: Record<string, string> }>).map(
      ({ responseParameters }) => responseParameters['gatewayresponse.header.access-control-allow-origin'],
    );
  };
  const count = Object.keys(own).length;
  expect(responsesFor('*')).toEqual(Array(count).fill("'*'"));
  expect(responsesFor('https://shop.example')).toEqual(Array(count).fill("'https://shop.example'"));
  expect(responsesFor('https://shop.example,https://admin.example')).toEqual(Array(count).fill("'*'"));
  expect(responsesFor('')).toEqual(Array(count).fill(undefined));
});

test('opens nothing to the public but the API, and the images to their CDN', () => {
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

test('lets pushes go through the applications of the stage and no others', () => {
  const [android, ios] = ['GCM', 'APNS'].map(
    (platform) => `arn:aws:sns:eu-central-1:111122223333:app/${platform}/shop`,
  );
  const pushApplications = [android, ios, android].map(String);
  const endpoints = [
    'arn:aws:sns:eu-central-1:111122223333:endpoint/GCM/shop/*',
    'arn:aws:sns:eu-central-1:111122223333:endpoint/APNS/shop/*',
  ];
  const { createPushEndpoints, push } = permissionsOf({ service: 'shop', stage: 'dev', pushApplications });
  expect([createPushEndpoints.Resource, push.Resource]).toEqual([[android, ios], endpoints]);
  const publishing = grants(prod).filter(({ Action, Resource }) => Resource && [Action].flat().includes('sns:Publish'));
  expect(publishing.map(({ functionName }) => functionName)).toEqual(['deliverPush']);
  expect(JSON.stringify(publishing)).toContain(':app/GCM/none');
});

test('lets only functions that mint tokens read the private keys', () => {
  const readers = grants(prod)
    .filter((grant: object) => JSON.stringify(grant).includes('/signing-keys'))
    .map(({ functionName }: { functionName: string }) => functionName);
  expect(readers.sort()).toEqual(['authRefresh', 'customersAuthenticate', 'passwordLogin', 'passwordSignup']);
});

describe('the audit log of operators', () => {
  const writes = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'].map((name) => `dynamodb:${name}`);
  const keepsLog = (statement: { Effect: string; Condition?: object }) =>
    statement.Effect === 'Deny' &&
    JSON.stringify(statement.Condition) === '{"ForAnyValue:StringLike":{"dynamodb:LeadingKeys":["OPERATOR_LOG*"]}}';
  /** Returns the writes to the log that a function is allowed and not denied. */
  const writesToLog = (functionName: string) => {
    const own = grants(prod).filter((grant) => grant.functionName === functionName);
    const actionsOf = (statements: typeof own) => statements.flatMap(({ Action }) => [Action].flat());
    const denied = actionsOf(own.filter(keepsLog));
    const allowed = actionsOf(own.filter(({ Effect }) => Effect === 'Allow'));
    return writes.filter((action) => allowed.includes(action) && !denied.includes(action));
  };

  test('can be written by the operator functions that change something, and by no other function', () => {
    const writers = functions.filter(({ functionName }) => writesToLog(functionName).length > 0);
    expect(writers.map(({ functionName }) => functionName).sort()).toEqual([...actions].sort());
  });

  test('can be changed and deleted by no function', () => {
    for (const { functionName } of functions) {
      expect([functionName, writesToLog(functionName).filter((action) => action !== 'dynamodb:PutItem')]).toEqual([
        functionName,
        [],
      ]);
    }
  });

  test('is kept by statements about the partitions that the log is in', () => {
    for (const pk of [undefined, 7].map(operatorLogPartitionOf)) expect(pk).toMatch(/^OPERATOR_LOG/);
    for (const { Effect, Resource } of grants(prod).filter(keepsLog)) {
      expect([Effect, Resource]).toEqual(['Deny', { 'Fn::GetAtt': ['Table', 'Arn'] }]);
    }
  });
});

test('throttles every method of the API, and the most what sends messages or is large', () => {
  const settings = prod.Resources.ApiGatewayStage?.Properties.MethodSettings as {
    ResourcePath: string;
    ThrottlingRateLimit: number;
  }[];
  const rates = new Map(settings.map(({ ResourcePath, ThrottlingRateLimit }) => [ResourcePath, ThrottlingRateLimit]));
  expect(rates.get('/*')).toBeGreaterThan(0);
  const large = ['/~1api~1docs~1{asset}', '/~1api~1docs', '/~1api~1schema'];
  expect(large.map((path) => rates.get(path))).toEqual([2, 5, 5]);
  const others = [...rates].filter(([path]) => !large.includes(path)).map(([, rate]) => rate);
  expect(rates.get('/~1api~1sms~1send-auth-otp')).toBe(Math.min(...others));
});

test('serves bytes to browsers, which ask for a script as */*', () => {
  const [api] = ofType(prod, 'AWS::ApiGateway::RestApi');
  expect(api?.Properties.Body['x-amazon-apigateway-binary-media-types']).toEqual(['*/*']);
});

test('leaves the docs page out of a stage by a param alone', () => {
  for (const name of ['DocsPage', 'DocsAsset']) {
    expect(prod.Resources[`${name}LambdaFunction`]?.Properties.Environment.Variables.DOCS).toBe('true');
  }
});

describe('the web ACL', () => {
  interface Rule {
    Name: string;
    Action: { Count?: object; Block?: { CustomResponse: { CustomResponseBodyKey: string } } };
    RuleLabels?: { Name: string }[];
    // biome-ignore lint/suspicious/noExplicitAny: a statement as WAF writes it
    Statement: any;
  }
  const ofParams = async (params: Record<string, unknown>) => {
    const { default: makeWebAcl } = await import('./webAcl.cjs');
    const { resources } = await makeWebAcl({
      resolveVariable: async (name) => params[name.replace('param:', '')] ?? '',
    });
    const { Rules } = resources.Resources.WebAcl.Properties as { Rules: Rule[] };
    return { ...resources, rules: Rules, ruleOf: (name: string) => Rules.find(({ Name }) => Name === name) };
  };
  const rateOf = (rule: Rule | undefined) => rule?.Statement.RateBasedStatement;
  /** As WAF sees a path of the stage prod. */
  const matches = (regex: string | undefined, path: string) => new RegExp(regex ?? '$^').test(`/prod${path}`);
  const cdn = {
    webAcl: 'true',
    clientIpHeader: 'CF-Connecting-IP',
    clientIpSecretHeader: 'X-Cdn-Secret',
    clientIpSecretMd5: createHash('md5').update('a secret').digest('hex'),
  };

  test('stands before the API of prod, and before that of another stage by a param', () => {
    const idsOf = ({ Resources }: Template) => Object.keys(Resources).filter((id) => id.startsWith('WebAcl'));
    expect([idsOf(prod), idsOf(dev)]).toEqual([['WebAcl', 'WebAclAssociation'], []]);
    expect(prod.Resources.WebAcl?.Properties.Scope).toBe('REGIONAL');
    const { ResourceArn } = prod.Resources.WebAclAssociation?.Properties ?? {};
    expect(ResourceArn['Fn::Sub']).toMatch(/restapis\/\$\{ApiGatewayRestApi\}\/stages\/\$\{ApiGatewayStage\}$/);
  });

  test("gives way to a shop's own one", async () => {
    const template = await ofParams({ webAcl: true, webAclArn: 'arn:own' });
    decideConditions(template);
    expect(Object.keys(template.Resources)).toEqual(['WebAclAssociation']);
    expect(template.Resources.WebAclAssociation.Properties.WebACLArn).toBe('arn:own');
  });

  test('counts what an address sends, apart what sends messages or checks secrets', async () => {
    const { ruleOf } = await ofParams({ webAcl: true });
    const [all, guarded] = [rateOf(ruleOf('Requests')), rateOf(ruleOf('GuardedRequests'))];
    const common = { EvaluationWindowSec: 300, AggregateKeyType: 'IP' };
    expect([all, guarded]).toEqual([
      { ...common, Limit: 2_000 },
      { ...common, Limit: 100, ScopeDownStatement: expect.anything() },
    ]);
    const { RegexString, TextTransformations } = guarded.ScopeDownStatement.RegexMatchStatement;
    expect(RegexString.length).toBeLessThanOrEqual(512);
    expect(TextTransformations.map(({ Type }: { Type: string }) => Type)).toContain('URL_DECODE');
    const counted = readRoutes().filter(({ path }) => matches(RegexString, path));
    expect(counted.map(({ functionName }) => functionName).sort()).toEqual([
      'authReauthenticate',
      'authSendOtp',
      'customersAuthenticate',
      'customersChangePhone',
      'customersRequestPhoneChange',
      'customersSetEmail',
      'customersVerifyEmail',
      'passwordAvailability',
      'passwordForget',
      'passwordLogin',
      'passwordReset',
      'passwordSet',
      'passwordSignup',
      'passwordVerifyPhone',
    ]);
    expect(counted.filter(({ resource }) => !matches(RegexString, `${resource}/`))).toEqual([]);
    expect(counted.filter(({ resource }) => !matches(RegexString, resource))).toEqual([]);
  });

  test('lets one client have less than a fifth of any throttle, and less than half of its burst', () => {
    const { requests, guardedRequests } = readService().custom.clientLimits;
    const settings = prod.Resources.ApiGatewayStage?.Properties.MethodSettings as {
      ResourcePath: string;
      ThrottlingRateLimit: number;
      ThrottlingBurstLimit: number;
    }[];
    // The documentation is large, and customers do not need it.
    const shared = settings.filter(({ ResourcePath }) => !/~1api~1(docs|schema)/.test(ResourcePath));
    expect(shared).toHaveLength(15);
    for (const { ResourcePath, ThrottlingRateLimit, ThrottlingBurstLimit } of shared) {
      const allowed = ResourcePath === '/*' ? requests : guardedRequests;
      expect(ThrottlingRateLimit * 300).toBeGreaterThanOrEqual(5 * allowed);
      expect(ThrottlingBurstLimit).toBeGreaterThanOrEqual(2 * allowed);
    }
  });

  test('blocks with 429, Retry-After and the words of the surface', async () => {
    const { rules, Resources } = await ofParams({ webAcl: true });
    const { CustomResponseBodies } = Resources.WebAcl.Properties;
    const bodyOf = (errorFormat: ErrorFormat) => errorFormat.failure(new ApiError('throttled'), 'en').body;
    const [envelopes, others, ...more] = rules.filter(({ Action }) => Action.Block);
    expect(more).toEqual([]);
    for (const [rule, errorFormat] of [[envelopes, envelope] as const, [others, standard] as const]) {
      const { CustomResponseBodyKey, ...response } = rule?.Action.Block?.CustomResponse ?? {
        CustomResponseBodyKey: '',
      };
      expect(response).toEqual({
        ResponseCode: 429,
        ResponseHeaders: [
          { Name: 'cache-control', Value: 'no-store' },
          { Name: 'retry-after', Value: '300' },
        ],
      });
      const { ContentType, Content } = CustomResponseBodies[CustomResponseBodyKey];
      expect([ContentType, JSON.parse(Content)]).toEqual(['APPLICATION_JSON', bodyOf(errorFormat)]);
    }
    const [labelled, { RegexMatchStatement }] = envelopes?.Statement.AndStatement.Statements ?? [];
    expect(labelled).toEqual(others?.Statement);
    const counting = rules.filter(({ Action }) => Action.Count);
    expect(counting.map(({ RuleLabels }) => RuleLabels)).toEqual(
      [1, 2].map(() => [{ Name: labelled.LabelMatchStatement.Key }]),
    );
    expect(rules.slice(0, counting.length)).toEqual(counting);
    for (const { file, path } of readRoutes()) {
      const { handler } = (await import(`../${file}.ts`)) as { handler: { contract: Contract } };
      const { errorFormat } = handler.contract;
      expect([path, matches(RegexMatchStatement.RegexString, path)]).toEqual([path, errorFormat === envelope]);
    }
  });

  test("behind a CDN counts by the CDN's header what has the CDN's secret, and all else by its source", async () => {
    const { rules } = await ofParams(cdn);
    const counting = rules.filter(({ Action }) => Action.Count);
    const scopeOf = (rule: Rule) => {
      const { ScopeDownStatement: scope } = rateOf(rule);
      return scope.AndStatement ? scope.AndStatement.Statements[1] : scope;
    };
    const [direct, , forwarded] = counting;
    const md5 = createHash('md5').update('a secret').digest('base64');
    expect(forwarded && scopeOf(forwarded)).toMatchObject({
      ByteMatchStatement: {
        FieldToMatch: { SingleHeader: { Name: 'x-cdn-secret' } },
        PositionalConstraint: 'EXACTLY',
        SearchStringBase64: md5,
        TextTransformations: [{ Priority: 0, Type: 'MD5' }],
      },
    });
    expect(direct && scopeOf(direct)).toEqual({ NotStatement: { Statement: forwarded && scopeOf(forwarded) } });
    expect(counting.map((rule) => [rule.Name, rateOf(rule).AggregateKeyType, rateOf(rule).ForwardedIPConfig])).toEqual([
      ['RequestsDirect', 'IP', undefined],
      ['GuardedRequestsDirect', 'IP', undefined],
      ['RequestsForwarded', 'FORWARDED_IP', { HeaderName: 'CF-Connecting-IP', FallbackBehavior: 'MATCH' }],
      ['GuardedRequestsForwarded', 'FORWARDED_IP', { HeaderName: 'CF-Connecting-IP', FallbackBehavior: 'MATCH' }],
    ]);
  });

  test.each([
    ['a header whose first address clients write', { ...cdn, clientIpHeader: 'X-Forwarded-For' }],
    ['a header with ports', { ...cdn, clientIpHeader: 'CloudFront-Viewer-Address' }],
    ['a header that needs no secret', { ...cdn, clientIpSecretHeader: '' }],
    ['a hash that is none', { ...cdn, clientIpSecretMd5: 'a secret' }],
  ])('is not packaged with %s', async (_, params) => {
    await expect(ofParams(params)).rejects.toThrow(/^The web ACL needs/);
    await expect(ofParams({ ...params, webAcl: 'false' })).resolves.toBeDefined();
    await expect(ofParams({ ...params, webAclArn: 'arn:own' })).resolves.toBeDefined();
  });

  test('samples no requests, whose headers and queries hold tokens and phones', () => {
    expect(JSON.stringify(prod.Resources.WebAcl)).not.toContain('"SampledRequestsEnabled":true');
  });
});

test('describes the stage of the API where a second deployment can change it', () => {
  const [deployment] = ofType(prod, 'AWS::ApiGateway::Deployment');
  expect(deployment?.Properties.StageName).toBeUndefined();
  expect(deployment?.Properties.StageDescription).toBeUndefined();
  const { Body } = prod.Resources.ApiGatewayRestApi?.Properties ?? {};
  expect(Object.keys(Body['x-amazon-apigateway-gateway-responses']).length).toBeGreaterThan(5);
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
  // The params are read without their tags, so a reference is the name in it.
  const nameOf = (value: unknown) => String((value as { Ref?: string } | undefined)?.Ref ?? value);
  const differences: [string, unknown, unknown][] = [];
  const compare = (path: string, one: unknown, other: unknown): void => {
    if (/S3Key$|AccessLogSetting|DEPLOYMENT|^\/Resources\/WebAcl|^\/Parameters/.test(path)) return;
    if (typeof one === 'object' && typeof other === 'object' && one && other) {
      for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
        compare(`${path}/${key}`, Reflect.get(one, key), Reflect.get(other, key));
      }
      return;
    }
    const named = typeof other === 'string' ? other.replaceAll(/\bprod\b/g, 'dev') : other;
    if (one !== named && !known.has(JSON.stringify([one, other].map(nameOf)))) differences.push([path, one, other]);
  };
  const stable = (template: Template) =>
    JSON.parse(JSON.stringify(template).replaceAll(/ApiGatewayDeployment[0-9a-f]+/g, 'DEPLOYMENT'));
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

  interface Step {
    name?: string;
    run?: string;
    uses?: string;
    with?: Record<string, unknown>;
  }
  interface Job {
    needs?: string;
    if?: string;
    permissions?: Record<string, string>;
    environment?: string;
    uses?: string;
    with?: Record<string, string>;
    steps?: Step[];
  }
  const folder = new URL('../.github/workflows/', import.meta.url);
  const workflows = readdirSync(folder).map((file) => [file, readFileSync(new URL(file, folder), 'utf8')] as const);
  const jobsOf = (text: string) => Object.entries(parse(text).jobs as Record<string, Job>);
  const jobs = workflows.flatMap(([file, text]) => jobsOf(text).map(([name, job]) => ({ file, name, job })));
  const commands = ({ steps = [] }: Job) => steps.map(({ run = '' }) => run).join('\n');
  const mayTakeRole = ({ permissions }: Job) => permissions?.['id-token'] === 'write';

  test.each(workflows)('pins every action of %s by its commit, and has the rights it names', (_, workflow) => {
    for (const [, used, comment] of workflow.matchAll(/uses: (\S+)(.*)/g)) {
      if (used?.startsWith('./.github/')) continue;
      expect([used, comment]).toEqual([
        expect.stringMatching(/@[0-9a-f]{40}$/),
        expect.stringMatching(/^ # v\d+\.\d+\.\d+$/),
      ]);
    }
    expect(workflow).toMatch(/^permissions:\n {2}contents: read$/m);
    expect(workflow).not.toMatch(/AWS_SECRET_ACCESS_KEY|pull_request_target/);
  });

  test('runs no script of a package in a job that can take a role, and verifies in one that cannot', () => {
    const withSteps = jobs.filter(({ job }) => job.steps);
    const deploying = withSteps.filter(({ job }) => mayTakeRole(job));
    expect(deploying.map(({ name, job }) => [name, job.environment])).toEqual([
      ['deploy', expect.stringContaining('inputs.environment')],
      ['attest', undefined],
      ['remove', 'preview'],
    ]);
    for (const { job } of deploying) {
      if (job.environment) expect(commands(job)).toContain('npm ci --ignore-scripts');
      else expect(commands(job).trim()).toBe('');
      expect(commands(job).replace(/echo .*/g, '')).not.toMatch(
        /npm ci(?! --ignore-scripts)|npm (run|test|install|exec|rebuild)|npx|serverless\.js package/,
      );
    }
    for (const [command, buildJob] of [
      ['npm run verify', 'build'],
      ['npm run test:deploy', 'emulator'],
    ] as const) {
      const verifying = withSteps.filter(({ job }) => commands(job).includes(command));
      expect(verifying.map(({ file, name }) => [file, name])).toEqual([
        ['build.yml', buildJob],
        ['ci.yml', 'verify'],
      ]);
      for (const { job } of verifying) expect(job.permissions ?? {}).not.toHaveProperty('id-token');
    }
  });

  test('deploys the package that was verified, or that of a release, and builds nothing itself', () => {
    const [deploy] = jobs.filter(({ file }) => file === 'deploy-stage.yml');
    expect(commands(deploy?.job ?? {})).toMatch(/serverless\.js deploy .*--package "packages\/\$TARGET"/);
    for (const { file, job } of jobs.filter(({ job }) => job.uses?.endsWith('/deploy-stage.yml'))) {
      const ofFile = new Map(jobs.filter((other) => other.file === file).map((other) => [other.name, other.job]));
      let from: Job | undefined = job;
      while (from?.needs) from = ofFile.get(from.needs);
      if (from?.uses?.endsWith('/build.yml')) {
        expect(from.with?.stages).toContain(job.with?.stage);
      } else {
        expect(job.with?.release).toContain('inputs.release');
      }
    }
  });

  const tagCheck = jobs
    .flatMap(({ job }) => job.steps ?? [])
    .find(({ name }) => name === 'Refuse a tag that is not on main');

  test.each([
    ['accepts a release of a commit on main', 'main', 0],
    ['refuses a release of a commit that is not on main', 'HEAD', 1],
  ])('%s', (_, released, code) => {
    const repository = mkdtempSync(join(tmpdir(), 'customer-backend-tag-'));
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
        cwd: repository,
        encoding: 'utf8',
      }).trim();
    git('init', '--quiet', '--initial-branch', 'main');
    git('commit', '--quiet', '--allow-empty', '--message', 'on main');
    git('update-ref', 'refs/remotes/origin/main', 'main');
    git('checkout', '--quiet', '-b', 'other');
    git('commit', '--quiet', '--allow-empty', '--message', 'elsewhere');
    const env = { ...process.env, GITHUB_SHA: git('rev-parse', released), GITHUB_REF_NAME: 'v1.2.3' };
    const { status, stdout } = spawnSync('bash', ['-ec', tagCheck?.run ?? ''], { cwd: repository, env });
    rmSync(repository, { recursive: true });
    expect([status, String(stdout).trim()]).toEqual([code, code === 0 ? '' : '::error::v1.2.3 is not on main.']);
  });

  test('gives a preview to no fork, and only where the repository asks for previews', () => {
    const starting = jobs.filter(({ file, job }) => file === 'preview.yml' && !job.needs);
    expect(starting.map(({ name }) => name)).toEqual(['build', 'remove']);
    for (const { job } of starting) {
      expect(job.if).toContain("vars.PREVIEWS == 'on'");
      expect(job.if).toContain('github.event.pull_request.head.repo.full_name == github.repository');
    }
  });
});

test('rings when functions fail, on the rate of their runs', () => {
  const { Metrics } = prod.Resources.FunctionFailuresAlarm?.Properties ?? {};
  expect(Metrics.at(-1).Expression).toBe('IF(failures >= 3, 100 * failures / runs, 0)');
  const counted = Metrics.slice(0, -1).map(
    ({ MetricStat }: { MetricStat: { Metric: { MetricName: string } } }) => MetricStat.Metric.MetricName,
  );
  const filters = ofType(prod, 'AWS::Logs::MetricFilter').map(({ Properties }) => Properties);
  for (const name of counted) {
    const sources = filters.filter(({ MetricTransformations }) => MetricTransformations[0].MetricName === name);
    expect(sources.length).toBeGreaterThan(0);
    for (const { LogGroupName } of sources) expect(LogGroupName).toEqual({ Ref: 'FunctionLogs' });
  }
});

describe('the runbook', () => {
  const runbook = readFileSync(new URL('../docs/runbook.md', import.meta.url), 'utf8');
  const alarms = () => Object.entries(prod.Resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');

  test('says of every alarm what it means and what to do', () => {
    const rows = Array.from(runbook.matchAll(/^\| (\w+Alarm) \| .+ \| .+ \|$/gm), ([, name]) => name);
    expect(rows.toSorted()).toEqual(
      alarms()
        .map(([id]) => id)
        .toSorted(),
    );
  });

  test('counts the metrics that the alarms of a stage pay for', () => {
    const metrics = alarms().flatMap(([, { Properties }]) =>
      (Properties.Metrics ?? [{ MetricStat: Properties }]).filter(
        ({ MetricStat }: { MetricStat?: object }) => MetricStat,
      ),
    );
    expect(runbook).toContain(`${alarms().length} alarms on ${metrics.length} metrics`);
    expect(runbook).toContain(`| alarms | ${(metrics.length / 10).toFixed(2)} |`);
    const rules = prod.Resources.WebAcl?.Properties.Rules.length;
    expect(runbook).toContain(`| ${(5 + rules).toFixed(2)} | 5.00, and 1.00 for each of ${rules} rules`);
  });
});

test('names the alarms that roll a deployment back in the outputs that the next deployment reads', () => {
  const named = Object.entries(prod.Outputs).filter(([name]) => name.startsWith('RollbackAlarm'));
  expect(named).toHaveLength(2);
  for (const [, output] of named) {
    const [id = ''] = (output as { Value: { 'Fn::GetAtt': string[] } }).Value['Fn::GetAtt'];
    expect(prod.Resources[id]?.Type).toBe('AWS::CloudWatch::Alarm');
  }
});

test('exports what another stack may import under names of its stage', () => {
  const exported = Object.values(prod.Outputs).flatMap(
    (output) => (output as { Export?: { Name: string } }).Export?.Name ?? [],
  );
  expect(exported).toEqual(expect.arrayContaining(['customer-backend-prod-TableArn', 'customer-backend-prod-ApiId']));
});

test('uses a restored table where a stage names its stream, and makes none', async () => {
  const name = 'customer-backend-prod-20260101000000';
  const arn = `arn:aws:dynamodb:eu-central-1:111122223333:table/${name}`;
  const stream = `${arn}/stream/2026-01-01T00:00:00.000`;
  const copy = copyService();
  try {
    const packageWith = (tableName: string) =>
      copy.serverless([
        ...['package', '--stage', 'prod', '--param', `tableName=${tableName}`],
        ...['--param', `tableStreamArn=${stream}`],
      ]);
    await expect(packageWith('another')).rejects.toThrow('not the ARN of a stream of the table another');
    await packageWith(name);
    const template = copy.template();
    expect(ofType(template, 'AWS::DynamoDB::Table')).toEqual([]);
    expect(JSON.stringify(template)).not.toMatch(/"Table"|\$\{Table/);
    const text = JSON.stringify(grants(template).map(({ Resource }) => Resource));
    expect([text.includes(arn), text.includes(stream)]).toEqual([true, true]);
    const sources = ofType(template, 'AWS::Lambda::EventSourceMapping').map(
      ({ Properties }) => Properties.EventSourceArn,
    );
    expect(sources.filter((source) => source === stream)).toHaveLength(2);
    expect(template.Resources.CustomersGetLambdaFunction?.Properties.Environment.Variables.TABLE_NAME).toBe(name);
  } finally {
    copy.delete();
  }
});

test('limits the concurrency of functions that a flood could fill, where the account has the quota', async () => {
  const copy = copyService();
  try {
    await copy.serverless(['package', '--stage', 'dev', '--param', 'reserveConcurrency=true']);
    const reserved = Object.entries(copy.template().Resources).filter(
      ([, { Properties }]) => Properties.ReservedConcurrentExecutions,
    );
    expect(reserved.map(([id]) => id.replace('LambdaFunction', '')).sort()).toEqual([
      'CustomersExport',
      'DocsAsset',
      'DocsPage',
      'DocsSchema',
      'Fallback',
      'WalletVerify',
    ]);
  } finally {
    copy.delete();
  }
  expect(JSON.stringify(dev.Resources)).not.toContain('ReservedConcurrentExecutions');
});
