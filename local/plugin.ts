import { stop as stopEsbuild } from 'esbuild';
import { awsEnvironment, readSettings, type Settings, SetupError, type Stack, startStack } from './stack.ts';

/** As much of Serverless as this plugin touches. */
interface Serverless {
  service: {
    provider: { stage: string; region: string; environment: Record<string, string> };
    custom: { 'serverless-offline': Record<string, unknown> };
  };
  classes: { Error: new (message: string, code: string) => Error };
}

/** Puts the local stack around `serverless offline`, and points `serverless invoke local` at it. */
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
    'before:offline:start:init': () => this.#start(),
    'before:offline:start:ready': async () => {
      await stopEsbuild();
      this.#announce();
    },
    'before:offline:start:end': () => this.#stack?.stop(),
    'before:invoke:local:invoke': () => this.#pointAtLocalStack(),
  };

  readonly #serverless: Serverless;
  readonly #fresh: boolean;
  readonly #print: (line: string) => void;
  #settings: Settings | undefined;
  #stack: Stack | undefined;

  constructor(serverless: Serverless, options: { fresh?: boolean }, utils: { writeText: (line: string) => void }) {
    this.#serverless = serverless;
    this.#fresh = options.fresh ?? false;
    this.#print = utils.writeText;
  }

  async #start(): Promise<void> {
    const stopEarly = () => process.exit(130);
    process.once('SIGINT', stopEarly).once('SIGTERM', stopEarly);
    try {
      const settings = this.#pointAtLocalStack();
      const { service } = this.#serverless;
      Object.assign(service.custom['serverless-offline'], {
        host: '127.0.0.1',
        httpPort: settings.apiPort,
        lambdaPort: settings.lambdaPort,
      });
      this.#stack = await startStack(settings, service.provider.environment.TABLE_NAME ?? '', this.#fresh);
    } catch (error) {
      throw this.#explained(error);
    }
    process.off('SIGINT', stopEarly).off('SIGTERM', stopEarly);
  }

  #pointAtLocalStack(): Settings {
    const { stage, region, environment } = this.#serverless.service.provider;
    try {
      if (stage !== 'local') throw new SetupError(`The stage ${stage} does not run here; use --stage local.`);
      this.#settings = readSettings(process.env);
      Object.assign(process.env, { AWS_REGION: region, ...environment, ...awsEnvironment(this.#settings) });
      return this.#settings;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #announce(): void {
    const { apiPort, localPort, lambdaPort, dynamodbPort, dynamodbEndpoint, dataFolder } =
      this.#settings ?? readSettings({});
    const seeded = Object.entries(this.#stack?.seeded ?? {}).map(([name, count]) => `${count} ${name}`);
    const lines = [
      '',
      `  API        http://localhost:${apiPort}`,
      `  Inbox      http://localhost:${localPort}   codes and pushes appear here`,
      `  DynamoDB   ${dynamodbEndpoint ?? `http://localhost:${dynamodbPort}`}`,
      `  Lambda     http://localhost:${lambdaPort}`,
      `  Data       ${dataFolder}   seeded: ${seeded.join(', ')}`,
      '',
      `ready in ${process.uptime().toFixed(1)} s`,
    ];
    for (const line of lines) this.#print(line);
  }

  /** Serverless shows its own errors as a sentence and all others with a stack. */
  #explained(error: unknown): unknown {
    return error instanceof SetupError ? new this.#serverless.classes.Error(error.message, 'LOCAL_STACK') : error;
  }
}

export { LocalStackPlugin as 'module.exports' };
