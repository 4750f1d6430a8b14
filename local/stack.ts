import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { consumeBroadcasts } from './broadcasts.ts';
import { type Engine, startEngine } from './engine.ts';
import { onlyFromHere } from './guard.ts';
import { followRequests } from './requests.ts';
import { type Sandbox, sandboxEnvironment, startSandbox } from './sandbox/server.ts';
import { keepSecrets } from './secrets.ts';
import { type PageName, site } from './site.ts';
import { createTable, deleteTable, openStreamOf } from './table.ts';

const dataFile = 'dynamodb.sqlite';
const secretsFile = 'secrets.json';
const imagesFolder = 'images';
const streamFile = 'stream.json';
const bundlesFolder = 'functions';

/** Something a developer can mend: one sentence, shown without a stack. */
export class SetupError extends Error {
  override name = 'SetupError';
}

/** Where the stack listens and keeps its data, each movable by an environment variable. */
export interface Settings {
  apiPort: number;
  localPort: number;
  lambdaPort: number;
  dynamodbPort: number;
  /** Another engine to use instead of our own. */
  dynamodbEndpoint: string | undefined;
  dataFolder: string;
}

export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const port = (variable: string, fallback: number) => {
    const value = Number(environment[variable] || fallback);
    if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
    throw new SetupError(`${variable} must be a port number from 1 to 65535.`);
  };
  return {
    apiPort: port('API_PORT', 3000),
    localPort: port('LOCAL_PORT', 4000),
    lambdaPort: port('LAMBDA_PORT', 3002),
    dynamodbPort: port('DYNAMODB_PORT', 8000),
    dynamodbEndpoint: environment.DYNAMODB_ENDPOINT || undefined,
    dataFolder: environment.LOCAL_DATA_FOLDER || '.local',
  };
}

/** The SDK's own variables: whatever runs with them finds the local stack and cannot reach AWS. */
export function awsEnvironment(settings: Settings): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: '',
    LOCAL_SITE_URL: `http://localhost:${settings.localPort}`,
    AWS_ENDPOINT_URL_DYNAMODB: settings.dynamodbEndpoint ?? `http://127.0.0.1:${settings.dynamodbPort}`,
    ...sandboxEnvironment(`http://127.0.0.1:${settings.localPort}`),
  };
}

/** How the workers of the table's stream find it; where they are in it is kept with the data. */
export function streamOptions(settings: Settings): Record<string, unknown> {
  return {
    endpoint: awsEnvironment(settings).AWS_ENDPOINT_URL_DYNAMODB,
    accessKeyId: 'local',
    secretAccessKey: 'local',
    useInProcess: true,
    readInterval: 500,
    checkpointFile: join(settings.dataFolder, streamFile),
  };
}

/** The folder of the bundles of this stack's functions. */
export function bundlesOf({ dataFolder }: Settings): string {
  return resolve(dataFolder, bundlesFolder);
}

export interface Stack {
  seeded: Record<string, number>;
  stop: () => Promise<void>;
}

/** What a service brings to the stack. */
export interface Service {
  name: string;
  tableName: string;
  /** Of the site, the first one being its start. */
  pages: readonly PageName[];
  /** Loads what the table holds from the beginning, and may be repeated. Answers how many of each. */
  loadSeed: () => Promise<Record<string, number>>;
  /** The function that gets what is in the queue, by its full name; undefined where none does. */
  queueWorker: string | undefined;
}

/** Starts everything the functions need around them: the engine with its table and seed data, the sandbox and the site. */
export async function startStack(settings: Settings, service: Service, fresh: boolean): Promise<Stack> {
  const { tableName, queueWorker } = service;
  const { dynamodbPort, localPort, dataFolder, dynamodbEndpoint: otherEngine } = settings;
  await Promise.all([
    requireFree('API_PORT', settings.apiPort),
    requireFree('LOCAL_PORT', localPort),
    requireFree('LAMBDA_PORT', settings.lambdaPort),
    otherEngine ? requireEngine(otherEngine) : requireFree('DYNAMODB_PORT', dynamodbPort),
  ]);
  prepare(dataFolder, fresh);
  const followed = followRequests(process.stdout);
  let engine: Engine | undefined;
  let sandbox: Sandbox | undefined;
  let endBroadcasts: (() => void) | undefined;
  try {
    engine = otherEngine ? undefined : await startEngine(dynamodbPort, join(dataFolder, dataFile));
    sandbox = await startSandbox({
      port: localPort,
      secrets: keepSecrets(join(dataFolder, secretsFile)),
      imagesFolder: join(dataFolder, imagesFolder),
      watch: onlyFromHere,
      onQueue: () => {
        if (queueWorker) endBroadcasts = consumeBroadcasts(settings, queueWorker);
      },
      site: (sandbox) => site(service, sandbox, followed.requests, `http://localhost:${settings.apiPort}`),
    });
    const endpoint = otherEngine ?? `http://127.0.0.1:${dynamodbPort}`;
    if (otherEngine && fresh) await deleteTable(endpoint, tableName);
    await createTable(endpoint, tableName);
    await openStreamOf(endpoint, tableName);
    return { seeded: await service.loadSeed(), stop };
  } catch (error) {
    await stop();
    throw error;
  }

  async function stop(): Promise<void> {
    endBroadcasts?.();
    followed.stop();
    await sandbox?.stop();
    engine?.stop();
  }
}

function prepare(folder: string, fresh: boolean): void {
  try {
    if (!existsSync(folder)) mkdirSync(folder);
    for (const file of fresh ? readdirSync(folder).filter(isOurs) : []) rmSync(join(folder, file), { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SetupError(
      `The data folder ${folder} cannot be written (${code}); set LOCAL_DATA_FOLDER to another one.`,
    );
  }
}

/** The folder is of the developer's choosing, so only what we put there is forgotten. */
function isOurs(file: string): boolean {
  return [secretsFile, imagesFolder, streamFile, bundlesFolder].includes(file) || file.startsWith(dataFile);
}

async function requireEngine(endpoint: string): Promise<void> {
  await fetch(endpoint).catch(() => {
    throw new SetupError(`No DynamoDB engine answers at ${endpoint}; check DYNAMODB_ENDPOINT.`);
  });
}

function requireFree(variable: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', () =>
      reject(new SetupError(`Port ${port} is taken; stop what uses it or set ${variable} to another port.`)),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}
