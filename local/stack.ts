import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer, isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { SQSBatchResponse } from 'aws-lambda';
import type { MiddlewareHandler } from 'hono';
import { placePublicKeys } from '../deploy/publicKeys.ts';
import { consumeBroadcasts } from './broadcasts.ts';
import { bundleTogether } from './bundle.ts';
import { endOrphanedEngine, startEngine } from './engine.ts';
import { type GatewayResponses, type GatewayRoute, gateway } from './gateway.ts';
import { onlyFromHere } from './guard.ts';
import { Lambda, type LambdaFunction, lambdaApi } from './lambda.ts';
import { notifier } from './notifier.ts';
import { reloadOnChange } from './reload.ts';
import { followRequests } from './requests.ts';
import { sandboxEnvironment, startSandbox } from './sandbox/server.ts';
import { startSchedule } from './schedule.ts';
import { keepSecrets } from './secrets.ts';
import { SetupError } from './setupError.ts';
import { type PageName, site } from './site.ts';
import { followStream, Places, type StreamEvent } from './streams.ts';
import { createTable, deleteTable, openStreamOf } from './table.ts';

const dataFile = 'dynamodb.sqlite';
const secretsFile = 'secrets.json';
const imagesFolder = 'images';
const streamFile = 'stream.json';
const bundlesFolder = 'functions';
const lockFile = 'lock.sqlite';

/** The addresses, ports and data folder of a stack. Environment variables can change each. */
export interface Settings {
  /** The address on which the API and the local site listen. */
  host: string;
  apiPort: number;
  localPort: number;
  lambdaPort: number;
  dynamodbPort: number;
  /** The URL of another engine to use instead of our own. */
  dynamodbEndpoint: string | undefined;
  dataFolder: string;
}

export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const port = (variable: string, fallback: number) => {
    const value = Number(environment[variable] || fallback);
    if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
    throw new SetupError(`${variable} must be a port number from 1 to 65535.`);
  };
  // Some shells set HOST to an unrelated name.
  const { HOST = '' } = environment;
  return {
    host: isIP(HOST) ? HOST : '127.0.0.1',
    apiPort: port('API_PORT', 3000),
    localPort: port('LOCAL_PORT', 4000),
    lambdaPort: port('LAMBDA_PORT', 3002),
    dynamodbPort: port('DYNAMODB_PORT', 8000),
    dynamodbEndpoint: environment.DYNAMODB_ENDPOINT || undefined,
    dataFolder: environment.LOCAL_DATA_FOLDER || '.local',
  };
}

/** Returns the SDK's variables. A process with them uses the local stack, and cannot reach AWS. */
export function awsEnvironment(settings: Settings): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: '',
    // Generous timeouts, because the laptop may be busy.
    TABLE_TIMEOUT_MS: process.env.TABLE_TIMEOUT_MS ?? '15000',
    SECRETS_TIMEOUT_MS: process.env.SECRETS_TIMEOUT_MS ?? '5000',
    LOCAL_SITE_URL: `http://localhost:${settings.localPort}`,
    AWS_ENDPOINT_URL_DYNAMODB: settings.dynamodbEndpoint ?? `http://127.0.0.1:${settings.dynamodbPort}`,
    ...sandboxEnvironment(`http://127.0.0.1:${settings.localPort}`),
  };
}

export function bundlesOf({ dataFolder }: Settings): string {
  return resolve(dataFolder, bundlesFolder);
}

export interface Stack {
  seeded: Record<string, number>;
  stop: () => Promise<void>;
}

export interface Service {
  name: string;
  folder: string;
  stage: string;
  tableName: string;
  /** The pages of the site. The first one is its start page. */
  pages: readonly PageName[];
  /**
   * Loads the initial data, and may be repeated. `written` receives the progress: the items so far,
   * and the total. Returns the number of items by kind.
   */
  loadSeed: (names?: undefined, written?: (items: number, of: number) => void) => Promise<Record<string, number>>;
  functions: Record<string, LambdaFunction>;
  routes: readonly GatewayRoute[];
  responses: GatewayResponses;
  binaryMediaTypes: readonly string[];
  minimumCompressionSize: number | undefined;
  streams: readonly { functionKey: string; event: StreamEvent }[];
  queueWorker: string | undefined;
  /** The keys of functions that run on a schedule. */
  scheduled: readonly string[];
  /** The worker that follows bounces and complaints of e-mails. */
  emailWorker: string | undefined;
}

interface Start {
  fresh: boolean;
  print: (step: string) => void;
}

/**
 * Starts a service with its surroundings: the engine with table and seed data, the sandbox, the
 * site and the API.
 */
export async function startStack(settings: Settings, service: Service, { fresh, print }: Start): Promise<Stack> {
  const { tableName, queueWorker } = service;
  const { host, dynamodbPort, localPort, dataFolder, dynamodbEndpoint: otherEngine } = settings;
  await Promise.all([
    requireFree('API_PORT', settings.apiPort, host),
    requireFree('LOCAL_PORT', localPort, host),
    requireFree('LAMBDA_PORT', settings.lambdaPort),
    otherEngine && requireEngine(otherEngine),
  ]);
  const ends: (() => unknown)[] = [];
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    ends.push(await prepare(dataFolder, fresh));
    if (!otherEngine) await requireFree('DYNAMODB_PORT', dynamodbPort);
    const bundles = bundlesOf(settings);
    const lambda = new Lambda(service.functions, bundles);
    const isBundled = bundleTogether(service.folder, bundles).then((folders) => {
      print('The functions are bundled.');
      return folders;
    });
    // A start that fails for another reason ends with that one.
    isBundled.catch(() => undefined);
    const requestLog = followRequests(process.stdout);
    ends.push(requestLog.stop);

    const endpoint = otherEngine ?? `http://127.0.0.1:${dynamodbPort}`;
    if (!otherEngine) ends.push((await startEngine(dynamodbPort, join(dataFolder, dataFile))).stop);
    if (otherEngine && fresh) await deleteTable(endpoint, tableName);
    const isNew = await createTable(endpoint, tableName);
    print(`The engine has ${isNew ? 'a new' : 'the'} table.`);
    const seeded = await patiently(() => service.loadSeed(undefined, progressOf(print)));
    const secrets = keepSecrets(join(dataFolder, secretsFile));
    await placePublicKeys(secrets['public-keys'], { tableName, endpoint });
    // The stream slows the engine down, and no worker needs the seed data of a new table.
    await openStreamOf(endpoint, tableName);
    print('The seed data is loaded.');

    const invoke = (key: string) => (event: object) =>
      lambda.invoke(key, event).catch((error) => {
        process.stderr.write(`${key} failed: ${(error as Error).stack}\n`);
        throw error;
      });
    const schedule = startSchedule(service.scheduled.map((key) => () => invoke(key)({})));
    ends.push(schedule.stop);
    const sandbox = await startSandbox({
      host,
      port: localPort,
      secrets,
      imagesFolder: join(dataFolder, imagesFolder),
      watch: restrictAccess,
      onQueue: () => {
        if (!queueWorker) return;
        const consume = async (event: object) => (await invoke(queueWorker)(event)) as SQSBatchResponse;
        ends.push(consumeBroadcasts(localPort, consume));
      },
      onEmailEvent: (event) => service.emailWorker && invoke(service.emailWorker)(event).catch(() => undefined),
      site: (sandbox) =>
        site(service, sandbox, requestLog.requests, {
          apiPort: settings.apiPort,
          notify: notifier(invoke('notify')),
          clockMoved: schedule.run,
        }),
    });
    ends.push(sandbox.stop);
    const sources = { folder: service.folder, bundles, folders: await isBundled };
    ends.push(reloadOnChange(sources, lambda, (line) => process.stdout.write(`${line}\n`)));
    const places = new Places(join(dataFolder, streamFile));
    for (const { functionKey, event } of service.streams) {
      const worker = service.functions[functionKey]?.name ?? functionKey;
      const park = async (failed: object) => {
        await sandbox.park(failed);
        const url = `http://localhost:${localPort}/api/failures`;
        process.stderr.write(`${functionKey} gave up a change of the table; ${url} shows it.\n`);
      };
      ends.push(followStream({ endpoint, tableName, worker, event, invoke: invoke(functionKey), park, places }));
    }
    ends.push(await listen(lambdaApi(lambda), settings.lambdaPort));
    ends.push(await listenAsGateway(gateway({ ...service, lambda, localPort, ...requestLog }), settings));
    return { seeded, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Lets other machines load pages, messages and images. The stand-ins for AWS are private, because
 * they return secrets.
 */
const restrictAccess: MiddlewareHandler = async (context, next) => {
  const { address = '' } = getConnInfo(context).remote;
  const { path, method } = context.req;
  const isFromHere = /^(::ffff:)?127\.|^::1$/.test(address);
  const isImage = path.startsWith('/s3/') && ['GET', 'HEAD'].includes(method);
  if (!isFromHere && !isImage && /^\/(sns|ses|ssm|s3|sqs)(\/|$)/.test(path))
    return context.json({ error: 'Only this machine may call what stands in for AWS.' }, 403);
  return onlyFromHere(context, next);
};

const patienceMs = 60_000;

/**
 * Runs with a table timeout of a minute. A start has no deadline, and retries slow down an engine
 * that still works on the first call.
 */
async function patiently<T>(run: () => Promise<T>): Promise<T> {
  const { TABLE_TIMEOUT_MS = '' } = process.env;
  process.env.TABLE_TIMEOUT_MS = String(patienceMs);
  try {
    return await run();
  } finally {
    process.env.TABLE_TIMEOUT_MS = TABLE_TIMEOUT_MS;
  }
}

const progressEveryMs = 2_000;

function progressOf(print: Start['print']): (items: number, of: number) => void {
  let printedAtMs = performance.now();
  return (items, of) => {
    if (performance.now() - printedAtMs < progressEveryMs) return;
    printedAtMs = performance.now();
    print(`${items} of ${of} items of the seed data are loaded.`);
  };
}

async function listen({ fetch }: ReturnType<typeof lambdaApi>, port: number): Promise<() => Promise<void>> {
  const server = await new Promise<ReturnType<typeof serve>>((resolve) => {
    const listening = serve({ fetch, port, hostname: '127.0.0.1' }, () => resolve(listening));
  });
  return () => closeServer(server as Server);
}

async function listenAsGateway(server: Server, { apiPort, host }: Settings): Promise<() => Promise<void>> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(apiPort, host, resolve));
  return () => closeServer(server);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Creates and locks a data folder. Returns a function that releases the lock. */
async function prepare(folder: string, fresh: boolean): Promise<() => void> {
  try {
    if (!existsSync(folder)) mkdirSync(folder);
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SetupError(
      `The data folder ${folder} cannot be written (${code}); set LOCAL_DATA_FOLDER to another one.`,
    );
  }
  const release = lock(folder);
  await endOrphanedEngine(join(folder, dataFile));
  for (const file of fresh ? readdirSync(folder).filter(isOurs) : []) rmSync(join(folder, file), { recursive: true });
  return release;
}

/**
 * Locks a data folder. The operating system releases the lock when the process ends, even after a
 * crash.
 */
function lock(folder: string): () => void {
  const database = new DatabaseSync(join(folder, lockFile), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch {
    database.close();
    throw new SetupError(
      `Another stack uses the data folder ${folder}; stop that one, or set LOCAL_DATA_FOLDER to another folder.`,
    );
  }
  return () => database.close();
}

/**
 * Returns whether the stack created a file. The developer chooses the folder, so `--fresh` must not
 * delete other files.
 */
function isOurs(file: string): boolean {
  return [secretsFile, imagesFolder, streamFile, bundlesFolder].includes(file) || file.startsWith(dataFile);
}

async function requireEngine(endpoint: string): Promise<void> {
  await fetch(endpoint).catch(() => {
    throw new SetupError(`No DynamoDB engine answers at ${endpoint}; check DYNAMODB_ENDPOINT.`);
  });
}

function requireFree(variable: string, port: number, host = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', () =>
      reject(new SetupError(`Port ${port} is taken; stop what uses it or set ${variable} to another port.`)),
    );
    server.listen(port, host, () => server.close(() => resolve()));
  });
}
