import { join } from 'node:path';
import { checkSettings } from '../lib/config.ts';
import { ConfigurationError } from '../lib/settings.ts';
import { bundleFunctions } from './bundle.ts';
import { pages } from './site.ts';
import {
  awsEnvironment,
  bundlesOf,
  readSettings,
  type Service,
  type Settings,
  SetupError,
  type Stack,
  startStack,
  streamOptions,
} from './stack.ts';

type Environment = Record<string, unknown>;

/** As much of Serverless as this plugin touches. */
interface Serverless {
  /** Where its serverless.yml is. */
  serviceDir: string;
  /** The stage that this run is for; `service.provider` has that of serverless.yml, whatever was asked for. */
  getProvider: (name: 'aws') => { getStage: () => string };
  service: {
    service: string;
    provider: { region: string; environment: Environment };
    custom: Record<'serverless-offline' | 'serverless-offline-dynamodb-streams', Record<string, unknown>> & {
      /** `seed` is a module with `loadSeed`; {@link Service} says what both are for. */
      local: { pages: Service['pages']; seed?: string };
    };
    functions: Record<string, { name: string; events: object[]; environment?: Environment; skipEsbuild?: boolean }>;
  };
  classes: { Error: new (message: string, code: string) => Error };
  processedInput: { commands: string[] };
  configSchemaHandler: { validateConfig: () => Promise<void> };
}

/** What makes a stage itself; the same names in a developer's shell mean something else. */
const fixed = ['STAGE', 'TABLE_NAME', 'SECRETS_PATH', 'TOKEN_ISSUER', 'METHODS_BY_RESOURCE'];

/** Puts the local stack around `serverless offline`, points `serverless invoke local` at it, and checks settings before a stage is packaged. */
class LocalStackPlugin {
  readonly commands = {
    offline: {
      commands: {
        start: {
          options: { fresh: { usage: 'Forget all local data first', type: 'boolean' } },
        },
      },
    },
  };

  readonly hooks = {
    initialize: () => this.#explained(() => this.#refuseLocal()),
    'before:offline:start:init': () => this.#explained(() => this.#start()),
    'before:offline:start:ready': () => this.#announce(),
    'before:offline:start:end': () => this.#stack?.stop(),
    'before:invoke:local:invoke': () => this.#explained(() => this.#joinRunningStack()),
    'before:package:initialize': () => this.#explained(() => this.#checkSettings()),
  };

  readonly #serverless: Serverless;
  readonly #fresh: boolean;
  readonly #print: (line: string) => void;
  #settings: Settings = readSettings({});
  #stack: Stack | undefined;

  constructor(serverless: Serverless, options: { fresh?: boolean }, utils: { writeText: (line: string) => void }) {
    this.#serverless = serverless;
    this.#fresh = options.fresh ?? false;
    this.#print = utils.writeText;
    // Compiling the schema of serverless.yml takes seconds and 30 MB, and `npm run verify` packages with it anyway.
    if (serverless.processedInput.commands[0] === 'offline') {
      serverless.configSchemaHandler.validateConfig = async () => undefined;
    }
  }

  async #start(): Promise<void> {
    const stopEarly = () => process.exit(130);
    process.once('SIGINT', stopEarly).once('SIGTERM', stopEarly);
    this.#pointAtLocalStack();
    const { service } = this.#serverless;
    Object.assign(service.custom['serverless-offline'], {
      host: '127.0.0.1',
      httpPort: this.#settings.apiPort,
      lambdaPort: this.#settings.lambdaPort,
      location: bundlesOf(this.#settings),
    });
    for (const definition of Object.values(service.functions)) definition.skipEsbuild = true;
    service.custom['serverless-offline-dynamodb-streams'] = streamOptions(this.#settings);
    this.#stack = await startStack(this.#settings, await this.#service(), this.#fresh);
    await bundleFunctions(this.#serverless.serviceDir, bundlesOf(this.#settings));
    process.off('SIGINT', stopEarly).off('SIGTERM', stopEarly);
  }

  async #service(): Promise<Service> {
    const { service, provider, custom, functions } = this.#serverless.service;
    const { pages, seed } = custom.local;
    const { loadSeed }: Pick<Service, 'loadSeed'> = seed
      ? await import(join(this.#serverless.serviceDir, seed))
      : { loadSeed: async () => ({}) };
    return {
      name: service,
      tableName: String(provider.environment.TABLE_NAME),
      pages,
      loadSeed,
      queueWorker: Object.values(functions).find(({ events }) => events.some((event) => 'sqs' in event))?.name,
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
  }

  #refuseLocal(): void {
    const [command] = this.#serverless.processedInput.commands;
    if (command !== 'deploy' || this.#serverless.getProvider('aws').getStage() !== 'local') return;
    throw new SetupError(
      'The stage local, with its movable clock, stays on this machine; name another one with --stage.',
    );
  }

  /** Finds a wrong setting now, in one sentence, and not at the first request. */
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
    const { apiPort, localPort, lambdaPort, dynamodbPort, dynamodbEndpoint, dataFolder } = this.#settings;
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
      `  Data       ${dataFolder}   seeded: ${seeded.join(', ') || 'nothing'}`,
      '',
      `ready in ${process.uptime().toFixed(1)} s`,
    ];
    for (const line of lines) this.#print(line);
  }

  /** Serverless shows its own errors as a sentence and all others with a stack. */
  async #explained(run: () => void | Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof SetupError || error instanceof ConfigurationError)) throw error;
      throw new this.#serverless.classes.Error(error.message, 'LOCAL_STACK');
    }
  }
}

/** A developer who writes a setting in front of the command means it; so does the local stack. */
function preferShell(settings: Environment): void {
  for (const name of Object.keys(settings)) {
    if (!fixed.includes(name) && process.env[name] !== undefined) settings[name] = process.env[name];
  }
}

export { LocalStackPlugin as 'module.exports' };
