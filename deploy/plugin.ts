import { type Route, readRoutes } from '../lib/http/routes.ts';
import { Parameters } from './parameters.ts';
import { bucketOf, emptyBucket } from './remains.ts';

interface Throttle {
  /** Requests per second. */
  rate: number;
  burst: number;
}

/** By function; `default` is for all others. */
type Throttles = Record<string, Throttle> & { default: Throttle };

/** As much of Serverless as this plugin touches. */
interface Serverless {
  /** Where its serverless.yml is. */
  serviceDir: string;
  /** The stage and the region that this run is for; `service.provider` has those of serverless.yml, whatever was asked for. */
  getProvider: (name: 'aws') => { getStage: () => string; getRegion: () => string };
  service: {
    service: string;
    custom: { throttles: Throttles; accessLog: boolean | string; protectData: boolean | string };
    provider: { compiledCloudFormationTemplate: { Resources: Record<string, Resource> } };
    resources: { Resources: Record<string, { Type: string }> };
  };
}

interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
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
 * Sets what Serverless can only set by calls after a deployment, or not at all, in the template itself: throttles for each
 * method, tracing and the access log of the API's stage. Removes with a stage what CloudFormation would leave behind.
 */
class StagePlugin {
  readonly hooks = {
    'after:package:compileEvents': () => this.#describeStage(),
    'before:remove:remove': () => this.#emptyImages(),
    'after:remove:remove': () => this.#forgetSecrets(),
  };
  readonly #serverless: Serverless;

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
  }

  get #stage(): string {
    return this.#serverless.getProvider('aws').getStage();
  }

  get #region(): string {
    return this.#serverless.getProvider('aws').getRegion();
  }

  /** What a stage that protects its data has stays. */
  async #emptyImages(): Promise<void> {
    const { service, custom } = this.#serverless.service;
    if (isOn(custom.protectData)) return;
    const bucket = await bucketOf(`${service}-${this.#stage}`, 'Images', this.#region);
    if (bucket) await emptyBucket(bucket, this.#region);
  }

  async #forgetSecrets(): Promise<void> {
    const { service, custom } = this.#serverless.service;
    if (!isOn(custom.protectData)) await new Parameters(service, this.#stage, this.#region).removeAll();
  }

  #describeStage(): void {
    const { custom, provider, resources } = this.#serverless.service;
    const found = Object.entries(provider.compiledCloudFormationTemplate.Resources).find(
      ([, { Type }]) => Type === 'AWS::ApiGateway::Deployment',
    );
    if (!found) return;
    const [deploymentId, deployment] = found;
    // Described by the deployment, a stage could be made once and never be changed.
    delete deployment.Properties.StageName;
    const answers = Object.entries(resources.Resources).filter(
      ([, { Type }]) => Type === 'AWS::ApiGateway::GatewayResponse',
    );
    deployment.DependsOn = [...(deployment.DependsOn ?? []), ...answers.map(([name]) => name)];
    provider.compiledCloudFormationTemplate.Resources.ApiGatewayStage = {
      Type: 'AWS::ApiGateway::Stage',
      Properties: {
        RestApiId: deployment.Properties.RestApiId,
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
