import { networkInterfaces } from 'node:os';
import { join, relative } from 'node:path';
import { checkSettings } from '../lib/config/config.ts';
import { bundleFunction } from './bundle.ts';
import { responsesIn } from './gateway.ts';
import type { LambdaFunction } from './lambda.ts';
import { SetupError } from './setupError.ts';
import { pages } from './site.ts';
import {
  awsEnvironment,
  bundlesOf,
  readSettings,
  type Service,
  type Settings,
  type Stack,
  startStack,
} from './stack.ts';
import { explain } from './stage.ts';
import type { StreamEvent } from './streams.ts';

type Environment = Record<string, unknown>;

interface FunctionDefinition {
  name: string;
  handler: string;
  timeout?: number;
  memorySize?: number;
  environment?: Environment;
  events: {
    http?: string | { method: string; path: string };
    stream?: StreamEvent;
    sqs?: object;
    schedule?: object;
  }[];
}

/** The parts of Serverless that this plugin uses. */
interface Serverless {
  serviceDir: string;
  /**
   * The stage of this run. `service.provider` has the stage of serverless.yml, even with `--stage`.
   */
  getProvider: (name: 'aws') => { getStage: () => string };
  service: {
    service: string;
    provider: {
      region: string;
      environment: Environment;
      timeout: number;
      memorySize: number;
      apiGateway?: { binaryMediaTypes?: string[]; minimumCompressionSize?: number };
    };
    /** `seed` is a module with `loadSeed`. See {@link Service} for both. */
    custom: { local: { pages: Service['pages']; seed?: string; emailWorker?: string } };
    functions: Record<string, FunctionDefinition>;
    resources: { Resources: Record<string, { Type: string; Properties: object }> };
  };
  classes: { Error: new (message: string, code: string) => Error };
  processedInput: { commands: string[] };
  configSchemaHandler: { validateConfig: () => Promise<void> };
}

/** Variables that define a stage. In a developer's shell the same names mean something else. */
const stageVariables = ['STAGE', 'TABLE_NAME', 'SECRETS_PATH', 'TOKEN_ISSUER', 'METHODS_BY_RESOURCE'];

const patienceMs = 10_000;

/**
 * Runs the local stack with `serverless local start`, and points `serverless invoke local` at it.
 * It also checks the configuration before a stage is packaged.
 */
class LocalStackPlugin {
  readonly commands = {
    local: {
      usage: 'Run the service on this machine',
      commands: {
        start: {
          usage: 'Start the local stack',
          lifecycleEvents: ['init', 'ready', 'end'],
          options: { fresh: { usage: 'Forget all local data first', type: 'boolean' } },
        },
      },
    },
  };

  readonly hooks = {
    initialize: () => this.#explainErrors(() => this.#rejectLocal()),
    'local:start:init': () => this.#explainErrors(() => this.#start()),
    'local:start:ready': () => this.#waitForInterrupt(),
    'local:start:end': () => this.#end(),
    'before:invoke:local:invoke': () => this.#explainErrors(() => this.#joinRunningStack()),
    'before:package:initialize': () => this.#explainErrors(() => this.#checkSettings()),
  };

  readonly #serverless: Serverless;
  readonly #fresh: boolean;
  readonly #invoked: string | undefined;
  readonly #print: (line: string) => void;
  #settings: Settings = readSettings({});
  #stack: Stack | undefined;

  constructor(
    serverless: Serverless,
    options: { fresh?: boolean; function?: string },
    utils: { writeText: (line: string) => void },
  ) {
    this.#serverless = serverless;
    this.#fresh = options.fresh ?? false;
    this.#invoked = options.function;
    this.#print = utils.writeText;
    // Compiling the schema of serverless.yml takes seconds and 30 MB. `npm run verify` checks it
    // anyway.
    if (serverless.processedInput.commands[0] === 'local') {
      serverless.configSchemaHandler.validateConfig = async () => undefined;
    }
  }

  async #start(): Promise<void> {
    const stopEarly = () => process.exit(130);
    process.once('SIGINT', stopEarly).once('SIGTERM', stopEarly);
    this.#pointAtLocalStack();
    const print = (step: string) => this.#print(`${process.uptime().toFixed(1).padStart(5)} s  ${step}`);
    print('The configuration is read.');
    this.#stack = await startStack(this.#settings, await this.#service(), { fresh: this.#fresh, print });
    process.off('SIGINT', stopEarly).off('SIGTERM', stopEarly);
  }

  #waitForInterrupt(): Promise<void> {
    this.#announce();
    return new Promise((resolve) => {
      // After Ctrl-C, npm repeats the signal of the terminal. The second signal must not end the
      // process before the engine has stopped.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
    });
  }

  async #end(): Promise<void> {
    setTimeout(() => process.exit(1), patienceMs).unref();
    await this.#stack?.stop();
    process.exit(0);
  }

  async #service(): Promise<Service> {
    const { service, provider, custom, functions, resources } = this.#serverless.service;
    const { pages, seed } = custom.local;
    const { loadSeed }: Pick<Service, 'loadSeed'> = seed
      ? await import(join(this.#serverless.serviceDir, seed))
      : { loadSeed: async () => ({}) };
    const definitions = Object.entries(functions).map(([key, definition]) => ({ key, ...definition }));
    const streams = definitions.flatMap(({ key: functionKey, events }) =>
      events.flatMap(({ stream: event }) => (event ? [{ functionKey, event }] : [])),
    );
    const routes = definitions.flatMap(({ key: functionKey, events }) =>
      events.flatMap(({ http }) => {
        if (!http) return [];
        const [method = '', path = ''] = typeof http === 'string' ? http.split(' ') : [http.method, http.path];
        return [{ functionKey, method, path }];
      }),
    );
    return {
      name: service,
      folder: this.#serverless.serviceDir,
      stage: this.#serverless.getProvider('aws').getStage(),
      tableName: String(provider.environment.TABLE_NAME),
      pages,
      loadSeed,
      functions: Object.fromEntries(
        definitions.map((definition) => [definition.key, this.#describeFunction(definition)]),
      ),
      routes,
      responses: responsesIn(Object.values(resources.Resources)),
      binaryMediaTypes: provider.apiGateway?.binaryMediaTypes ?? [],
      minimumCompressionSize: provider.apiGateway?.minimumCompressionSize,
      streams,
      scheduled: definitions.filter(({ events }) => events.some((event) => 'schedule' in event)).map(({ key }) => key),
      queueWorker: definitions.find(({ events }) => events.some((event) => 'sqs' in event))?.key,
      emailWorker: custom.local.emailWorker,
    };
  }

  #describeFunction({ name, handler, environment, timeout, memorySize }: FunctionDefinition): LambdaFunction {
    const { provider } = this.#serverless.service;
    const memoryMb = memorySize ?? provider.memorySize;
    const settings = Object.entries({ ...provider.environment, ...environment });
    return {
      name,
      handler,
      timeoutSeconds: timeout ?? provider.timeout,
      memoryMb,
      environment: {
        // References to deployed resources have no value here.
        ...Object.fromEntries(settings.flatMap(([key, value]) => (isValue(value) ? [[key, String(value)]] : []))),
        AWS_REGION: provider.region,
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
      },
    };
  }

  #pointAtLocalStack(): void {
    const { region, environment } = this.#serverless.service.provider;
    const stage = this.#serverless.getProvider('aws').getStage();
    if (stage !== 'local') throw new SetupError(`The stage ${stage} does not run here; use --stage local.`);
    this.#settings = readSettings(process.env);
    Object.assign(process.env, awsEnvironment(this.#settings));
    for (const settings of this.#environments()) preferShell(settings);
    this.#checkSettings();
    Object.assign(process.env, { AWS_REGION: region, ...environment });
  }

  async #joinRunningStack(): Promise<void> {
    this.#pointAtLocalStack();
    const { localPort } = this.#settings;
    const clock = await fetch(`http://127.0.0.1:${localPort}/api/clock`).catch(() => {
      throw new SetupError(`No local stack answers on port ${localPort} (LOCAL_PORT); start it with npm start.`);
    });
    const { offset_seconds } = (await clock.json()) as { offset_seconds: number };
    process.env.CLOCK_OFFSET_SECONDS = String(offset_seconds);
    await this.#bundleInvoked();
  }

  async #bundleInvoked(): Promise<void> {
    const { serviceDir, service } = this.#serverless;
    const invoked = service.functions[this.#invoked ?? ''];
    if (!invoked) return;
    const [file = ''] = invoked.handler.split('.handler');
    const bundled = await bundleFunction(serviceDir, file, join(bundlesOf(this.#settings), 'invoked'));
    invoked.handler = `${relative(serviceDir, bundled)}.handler`;
  }

  #rejectLocal(): void {
    const [command] = this.#serverless.processedInput.commands;
    if (command !== 'deploy' || this.#serverless.getProvider('aws').getStage() !== 'local') return;
    throw new SetupError(
      'The stage local, with its movable clock, stays on this machine; name another one with --stage.',
    );
  }

  /** Reports an invalid setting in one sentence now, rather than at the first request. */
  #checkSettings(): void {
    const shell = { ...process.env };
    try {
      for (const environment of this.#environments()) {
        for (const [name, value] of Object.entries(environment)) {
          if (typeof value !== 'object') process.env[name] = String(value);
        }
      }
      checkSettings();
    } finally {
      for (const name of Object.keys(process.env)) if (!(name in shell)) delete process.env[name];
      Object.assign(process.env, shell);
    }
  }

  #environments(): Environment[] {
    const { provider, functions } = this.#serverless.service;
    return [provider, ...Object.values(functions)].map(({ environment = {} }) => environment);
  }

  #announce(): void {
    const { host, apiPort, localPort, lambdaPort, dynamodbPort, dynamodbEndpoint, dataFolder } = this.#settings;
    const seeded = Object.entries(this.#stack?.seeded ?? {}).map(([name, count]) => `${count} ${name}`);
    const lines = [
      '',
      `  API        http://localhost:${apiPort}`,
      ...this.#serverless.service.custom.local.pages.map((name) => {
        const { path, shows } = pages[name];
        return `  ${name.padEnd(10)} http://localhost:${localPort}${path}   ${shows}`;
      }),
      `  DynamoDB   ${dynamodbEndpoint ?? `http://localhost:${dynamodbPort}`}`,
      `  Lambda     http://localhost:${lambdaPort}`,
      ...addressesOf(host).map(
        (address) => `  Network    http://${address}:${apiPort}, and the inbox at port ${localPort}`,
      ),
      `  Data       ${dataFolder}   seeded: ${seeded.join(', ') || 'nothing'}`,
      '',
      `ready in ${process.uptime().toFixed(1)} s`,
    ];
    for (const line of lines) this.#print(line);
  }

  /** Converts explainable errors to Serverless errors, which are printed without a stack trace. */
  async #explainErrors(run: () => void | Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      const sentence = explain(error);
      if (!sentence) throw error;
      throw new this.#serverless.classes.Error(sentence, 'LOCAL_STACK');
    }
  }
}

const isValue = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);

/** Returns the addresses at which other machines reach this one, if it listens for them. */
function addressesOf(host: string): string[] {
  if (host.startsWith('127.') || host === '::1') return [];
  if (host !== '0.0.0.0' && host !== '::') return [host];
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
  );
}

function preferShell(settings: Environment): void {
  for (const name of Object.keys(settings)) {
    if (!stageVariables.includes(name) && process.env[name] !== undefined) settings[name] = process.env[name];
  }
}

export { LocalStackPlugin as 'module.exports' };
