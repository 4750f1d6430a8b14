import type { Parameter, Stack } from '@aws-sdk/client-cloudformation';
import { type Route, readRoutes } from '../lib/openapi/routes.ts';
import { explain } from '../local/stage.ts';
import { describeApi } from './apiDocument.ts';
import { packageFunctions } from './bundle.ts';
import { type Conditional, decideConditions, dropUnusedParameters } from './conditions.ts';
import { Parameters } from './parameters.ts';
import { permissionNames } from './permissions.ts';
import { copyPublicKeys } from './publicKeys.ts';
import { bucketOf, emptyBucket } from './remains.ts';
import { nameTable } from './restoredTable.ts';
import { assignRoles, type Deployed, describeRoles, logGroupId, type Statement } from './roles.ts';
import { checkDeployable, checkStageName, findStack } from './stack.ts';
import { maxResources, ofType, type Resources } from './template.ts';

interface Throttle {
  /** Requests per second. */
  rate: number;
  burst: number;
}

/** By function; `default` is for all others. */
type Throttles = Record<string, Throttle> & { default: Throttle };

/** As much of Serverless as this plugin touches. */
interface Serverless {
  /** The folder of serverless.yml. */
  serviceDir: string;
  /**
   * The stage and the region of this run. `service.provider` has those of serverless.yml, even with
   * `--stage` or `--region`.
   */
  getProvider: (name: 'aws') => { getStage: () => string; getRegion: () => string };
  classes: { Error: new (message: string, code: string) => Error };
  processedInput: { commands: string[] };
  configSchemaHandler: { defineFunctionProperties: (provider: 'aws', schema: object) => void };
  service: {
    service: string;
    custom: {
      throttles: Throttles;
      accessLog: boolean | string;
      protectData: boolean | string;
      rollbackMinutes?: number | string;
      reserveConcurrency?: boolean | string;
      permissionsBoundary?: string;
      tableStreamArn?: string;
      deploymentRole?: string;
      concurrency?: Record<string, number>;
      /** ARNs of SNS platform applications, or empty strings. */
      pushEnvironment?: Record<string, string>;
      emailSender?: string;
    };
    functions: Record<string, Deployed>;
    provider: {
      compiledCloudFormationTemplate: { Resources: Resources; Parameters?: Record<string, { Default?: string }> };
      environment: Record<string, unknown>;
      iam?: { role?: { statements?: Statement[] }; deploymentRole?: string };
      logRetentionInDays: number | string;
      rollbackConfiguration?: object;
      stackParameters?: Parameter[];
      deletionProtection?: boolean | undefined;
    };
    resources: Conditional;
  };
}

/** Of the command line. */
interface Options {
  function?: string;
  /** Deploys even where Serverless sees no change. */
  force?: boolean;
}

/** One line of JSON for each request. */
const logFormat = {
  request_id: '$context.requestId',
  time: '$context.requestTimeEpoch',
  method: '$context.httpMethod',
  route: '$context.resourcePath',
  status: '$context.status',
  latency_ms: '$context.responseLatency',
  integration_ms: '$context.integrationLatency',
  bytes: '$context.responseLength',
  error: '$context.error.responseType',
};

/**
 * Finishes the template that Serverless makes: the API as one document, a role for each function,
 * one log group, and throttles, tracing and the access log of the API's stage. Removes with a stage
 * what CloudFormation would leave behind.
 */
class StagePlugin {
  readonly hooks = {
    initialize: () => this.#checkStage(),
    'before:package:setupProviderConfiguration': () => this.#prepareFunctions(),
    'before:package:createDeploymentArtifacts': () => this.#packageFunctions(),
    'before:deploy:function:packageFunction': () => this.#packageFunctions(this.#deployed),
    'after:package:compileEvents': () => this.#finishTemplate(),
    'after:package:finalize': () => this.#countResources(),
    // After Serverless has restored a package, which replaces all settings.
    'before:deploy:deploy': () => this.#startDeployment(),
    // Serverless makes a new stack of a template without parameters first.
    'before:aws:deploy:deploy:updateStack': () => this.#setParameters(),
    'before:rollback:rollback': () => this.#keepParameters(),
    'after:deploy:deploy': () => this.#finishDeployment(),
    'before:remove:remove': () => this.#emptyImages(),
    'after:remove:remove': () => this.#forgetSecrets(),
  };
  readonly #serverless: Serverless;
  /** The function that `serverless deploy function` names. */
  readonly #deployed: string | undefined;
  readonly #log: { notice: (text: string) => void };
  readonly #options: Options;
  /** As it was before this deployment. */
  #stack: Stack | undefined;
  /** Functions read keys from the table, so an existing table gets them before functions change. */
  #hasKeys = false;

  constructor(serverless: Serverless, options: Options, { log }: { log: { notice: (text: string) => void } }) {
    this.#serverless = serverless;
    this.#log = log;
    this.#options = options;
    this.#deployed = options.function;
    serverless.configSchemaHandler.defineFunctionProperties('aws', {
      properties: { permissions: { type: 'array', items: { enum: permissionNames } } },
    });
  }

  /** Fails before anything is packaged or uploaded where AWS would reject the deployment. */
  async #checkStage(): Promise<void> {
    const { classes, processedInput, service } = this.#serverless;
    const [command = ''] = processedInput.commands;
    if (!['package', 'deploy', 'remove', 'rollback'].includes(command)) return;
    const { deploymentRole } = service.custom;
    if (deploymentRole) service.provider.iam = { ...service.provider.iam, deploymentRole };
    try {
      checkStageName(this.#stage);
      if (command !== 'deploy' || this.#stage === 'local') return;
      this.#stack = await findStack(`${service.service}-${this.#stage}`, this.#region);
      if (this.#stack) checkDeployable(this.#stack, this.#stage);
    } catch (error) {
      const sentence = explain(error);
      if (!sentence) throw error;
      throw new classes.Error(sentence, 'STAGE');
    }
  }

  async #startDeployment(): Promise<void> {
    this.#guardDeployment(this.#stack);
    const { TestNumbers: deployed = '[]' } = Object.fromEntries(
      (this.#stack?.Parameters ?? []).map(({ ParameterKey = '', ParameterValue = '' }) => [
        ParameterKey,
        ParameterValue,
      ]),
    );
    // Serverless compares the package alone.
    if (this.#parameters.some(({ ParameterValue }) => ParameterValue !== deployed)) this.#options.force = true;
    this.#hasKeys = await this.#publishKeys().catch((error) => {
      // A new stage has no table yet.
      if (error.name === 'ResourceNotFoundException') return false;
      throw error;
    });
  }

  get #parameters(): Parameter[] {
    const { Parameters: declared = {} } = this.#serverless.service.provider.compiledCloudFormationTemplate;
    if (!declared.TestNumbers) return [];
    return [{ ParameterKey: 'TestNumbers', ParameterValue: process.env.TEST_NUMBERS || '[]' }];
  }

  #setParameters(): void {
    this.#serverless.service.provider.stackParameters = this.#parameters;
  }

  async #keepParameters(): Promise<void> {
    const { service, provider } = this.#serverless.service;
    const stack = await findStack(`${service}-${this.#stage}`, this.#region);
    provider.stackParameters = (stack?.Parameters ?? []).map(({ ParameterKey }) => ({
      ParameterKey,
      UsePreviousValue: true,
    }));
  }

  /**
   * CloudFormation rolls a deployment back when one of these alarms rings. It rejects alarms that
   * the stack does not have yet, so a first deployment has none.
   */
  #guardDeployment(stack: Stack | undefined): void {
    const { custom, provider } = this.#serverless.service;
    provider.deletionProtection = isOn(custom.protectData) || undefined;
    const minutes = Number(custom.rollbackMinutes);
    const alarms = (stack?.Outputs ?? []).filter(({ OutputKey }) => OutputKey?.startsWith('RollbackAlarm'));
    if (minutes === 0 || alarms.length === 0) return;
    provider.rollbackConfiguration = {
      MonitoringTimeInMinutes: minutes,
      RollbackTriggers: alarms.map(({ OutputValue }) => ({ Arn: OutputValue, Type: 'AWS::CloudWatch::Alarm' })),
    };
  }

  get #stage(): string {
    return this.#serverless.getProvider('aws').getStage();
  }

  get #region(): string {
    return this.#serverless.getProvider('aws').getRegion();
  }

  async #finishDeployment(): Promise<void> {
    if (this.#hasKeys || (await this.#publishKeys())) return;
    const again = `Run npm run stage:prepare -- --stage ${this.#stage}, and deploy again.`;
    this.#log.notice(`${this.#secrets.nameOf('public-keys')} is missing, so no customer can sign in. ${again}`);
  }

  /** Returns whether the table has the public keys. A service without secrets needs none. */
  async #publishKeys(): Promise<boolean> {
    const { SECRETS_PATH, TABLE_NAME: tableName } = this.#serverless.service.provider.environment;
    if (!SECRETS_PATH) return true;
    return copyPublicKeys(this.#secrets, { tableName: String(tableName), region: this.#region });
  }

  get #secrets(): Parameters {
    return new Parameters(this.#serverless.service.service, this.#stage, this.#region);
  }

  /** Empties the bucket of images, unless the stage protects its data. */
  async #emptyImages(): Promise<void> {
    const { service, custom } = this.#serverless.service;
    if (isOn(custom.protectData)) return;
    const bucket = await bucketOf(`${service}-${this.#stage}`, 'Images', this.#region);
    if (bucket) await emptyBucket(bucket, this.#region);
  }

  async #forgetSecrets(): Promise<void> {
    if (!isOn(this.#serverless.service.custom.protectData)) await this.#secrets.removeAll();
  }

  async #packageFunctions(functionName?: string): Promise<void> {
    const { serviceDir, service } = this.#serverless;
    await packageFunctions(serviceDir, service.functions, functionName === undefined ? undefined : [functionName]);
  }

  #prepareFunctions(): void {
    const { functions, custom } = this.#serverless.service;
    assignRoles(functions);
    if (!isOn(custom.reserveConcurrency ?? false)) return;
    for (const [name, reservedConcurrency] of Object.entries(custom.concurrency ?? {})) {
      Object.assign(functions[name] ?? {}, { reservedConcurrency });
    }
  }

  #finishTemplate(): void {
    const { service, custom, functions, provider, resources } = this.#serverless.service;
    const { Resources: compiled } = provider.compiledCloudFormationTemplate;
    decideConditions(resources, compiled);
    dropUnusedParameters(resources, compiled);
    const scope = {
      service,
      stage: this.#stage,
      pushApplications: Object.values(custom.pushEnvironment ?? {}).filter(Boolean),
      emailSender: custom.emailSender,
    };
    Object.assign(compiled, describeRoles(functions, provider.iam?.role?.statements ?? [], scope));
    compiled[logGroupId] = {
      Type: 'AWS::Logs::LogGroup',
      Properties: {
        LogGroupName: `/aws/lambda/${service}-${this.#stage}`,
        RetentionInDays: provider.logRetentionInDays,
      },
    };
    for (const [, resource] of ofType(compiled, 'AWS::Lambda::Function')) {
      resource.Properties.LoggingConfig = { LogGroup: { Ref: logGroupId } };
      // Its role and its log group are named by reference already.
      delete resource.DependsOn;
    }
    const deploymentId = describeApi(compiled, resources.Resources, {
      functionPrefix: `${service}-${this.#stage}-`,
      corsOrigins: String(provider.environment.CORS_ORIGINS ?? ''),
      corsRequestHeaders: String(provider.environment.CORS_REQUEST_HEADERS ?? '')
        .split(',')
        .filter(Boolean),
    });
    this.#describeStage(deploymentId);
    this.#boundRoles();
    this.#nameTable();
  }

  #nameTable(): void {
    const { custom, provider, resources } = this.#serverless.service;
    const { tableStreamArn: streamArn } = custom;
    if (!streamArn) return;
    const table = { name: String(provider.environment.TABLE_NAME), streamArn };
    const { compiledCloudFormationTemplate: compiled } = provider;
    compiled.Resources = nameTable(compiled.Resources, table);
    resources.Resources = nameTable(resources.Resources, table);
    if (resources.Outputs) resources.Outputs = nameTable(resources.Outputs, table);
  }

  #boundRoles(): void {
    const { custom, provider } = this.#serverless.service;
    if (!custom.permissionsBoundary) return;
    const policy = `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:policy/${custom.permissionsBoundary}`;
    for (const [, role] of ofType(provider.compiledCloudFormationTemplate.Resources, 'AWS::IAM::Role')) {
      role.Properties.PermissionsBoundary = { 'Fn::Sub': policy };
    }
  }

  #countResources(): void {
    const { Resources: all } = this.#serverless.service.provider.compiledCloudFormationTemplate;
    const count = Object.keys(all).length;
    this.#log.notice(`The stack has ${count} resources, which leaves ${maxResources - count}.`);
  }

  #describeStage(deploymentId: string): void {
    const { custom, provider } = this.#serverless.service;
    provider.compiledCloudFormationTemplate.Resources.ApiGatewayStage = {
      Type: 'AWS::ApiGateway::Stage',
      Properties: {
        RestApiId: { Ref: 'ApiGatewayRestApi' },
        DeploymentId: { Ref: deploymentId },
        StageName: this.#stage,
        TracingEnabled: true,
        MethodSettings: methodSettings(custom.throttles, readRoutes(this.#serverless.serviceDir)),
        ...(isOn(custom.accessLog) && {
          AccessLogSetting: {
            DestinationArn: { 'Fn::GetAtt': ['AccessLog', 'Arn'] },
            Format: JSON.stringify(logFormat),
          },
        }),
      },
    };
  }
}

/** A param from the command line is text. */
function isOn(param: boolean | string): boolean {
  return String(param) === 'true';
}

/** @throws when a throttle names a function that has no route */
function methodSettings({ default: others, ...named }: Throttles, all: Route[]) {
  const routes = new Map(all.map((route) => [route.functionName, route]));
  const settings = Object.entries(named).map(([functionName, { rate, burst }]) => {
    const route = routes.get(functionName);
    if (!route) throw new Error(`custom.throttles names ${functionName}, which has no route.`);
    const ResourcePath = `/${route.resource.replaceAll('/', '~1')}`;
    return { ResourcePath, HttpMethod: route.method, ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst };
  });
  const { rate, burst } = others;
  return [{ ResourcePath: '/*', HttpMethod: '*', ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst }, ...settings];
}

export { StagePlugin as 'module.exports' };
