import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { placePublicKeys } from '../../../deploy/publicKeys.ts';
import { makeSecrets, type Secrets } from '../../../deploy/secrets.ts';
import type { Engine } from '../../../local/engine.ts';
import { type Sandbox, startSandbox } from '../../../local/sandbox/server.ts';
import { Faults } from '../../../local/sandbox/sns.ts';
import { createTable, deleteTable } from '../../../local/table.ts';
import { loadSeed, type Part } from '../../../seed/load.ts';
import type { Endpoint } from '../../http/endpoint.ts';
import { project } from '../../openapi/routes.ts';
import { GrantLog } from '../aws/grants.ts';
import { callerOf, dynamoDbActions, runAs, sandboxAction, tagRequests } from './calls.ts';
import { isDeclared } from './declared.ts';
import { startTestEngine } from './engine.ts';
import { type EngineProxy, startEngineProxy } from './engineProxy.ts';
import { stageEnvironment } from './environment.ts';
import { lambdaContext, restEvent, type TestRequest } from './event.ts';
import { StoredItems } from './storedItems.ts';
import { openStream, type Stream } from './stream.ts';

export interface TestResponse {
  status: number;
  headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read bodies of every shape, and a wrong one fails the test
  body: any;
}

export interface SignedInCustomer {
  phone: string;
  registrationId: string;
  access: string;
  refresh: string;
  customer: { id: number };
  deviceToken: string;
}

interface TestedService {
  folder: string;
  seed: readonly Part[];
  environment?: Record<string, string>;
}

/**
 * The stage of one test file: a table in the real engine, the SNS and SSM sandbox, new secrets and
 * the seed data. After every test it resets the clock, the faults and the environment variables.
 */
export class World {
  sandbox!: Sandbox;
  engine!: EngineProxy;
  secrets!: Secrets;
  readonly #tableName = `customer-backend-test-${randomUUID()}`;
  #stored!: StoredItems;
  #ownEngine: Engine | undefined;
  #settings: Record<string, string | undefined> = {};
  readonly #frozenAt = Date.now();
  #phones = 0;
  readonly #service: TestedService;
  readonly #grants: GrantLog;
  #stopTagging: (() => void) | undefined;
  #beforeResponse: ((action: string) => Promise<unknown>) | undefined;

  constructor(service: TestedService) {
    this.#service = service;
    this.#grants = new GrantLog(service.folder);
  }

  async start(): Promise<void> {
    this.#stopTagging = tagRequests();
    this.engine = await startEngineProxy(await this.#startEngine(), ({ operation, body }, headers) =>
      this.#grants.add(callerOf(headers), dynamoDbActions(operation, body)),
    );
    this.secrets = makeSecrets();
    this.sandbox = await startSandbox({
      port: 0,
      secrets: this.secrets,
      watch: async ({ req }, next) => {
        const { method, path } = req;
        const body = path.startsWith('/s3') ? '' : await req.raw.clone().text();
        const action = sandboxAction({ method, path, target: req.header('x-amz-target'), body });
        this.#grants.add(callerOf(req.header()), [action]);
        await this.#beforeResponse?.(action);
        return next();
      },
    });
    Object.assign(process.env, {
      ...stageEnvironment(this.#tableName, this.engine.url, this.sandbox),
      // Tests make hundreds of parallel calls, sometimes on a busy machine.
      TABLE_TIMEOUT_MS: '20000',
      SECRETS_TIMEOUT_MS: '20000',
      // The customers of a test have consecutive numbers.
      OTP_SENDS_PER_PREFIX_PER_DAY: '1000000',
      SNS_TIMEOUT_MS: '20000',
      S3_TIMEOUT_MS: '20000',
      SECRETS_CACHE_SECONDS: '300',
      SEED_CACHE_SECONDS: '60',
      ...this.#service.environment,
    });
    await this.#prepareTable();
  }

  /**
   * Starts an engine for this test file, or uses the one in DYNAMODB_ENDPOINT, which all files
   * share. Returns its URL.
   */
  async #startEngine(): Promise<string> {
    if (process.env.DYNAMODB_ENDPOINT) return process.env.DYNAMODB_ENDPOINT;
    this.#ownEngine = await startTestEngine();
    return this.#ownEngine.endpoint;
  }

  async #prepareTable(): Promise<void> {
    const { target } = this.engine;
    this.#stored = new StoredItems(target, this.#tableName);
    await createTable(target, this.#tableName);
    await loadSeed(this.#service.seed);
    await this.publishKeys();
  }

  /** Starts an empty engine and loads the seed. An engine slows down with every transaction. */
  async renewEngine(): Promise<void> {
    await this.#removeTable();
    this.engine.target = await this.#startEngine();
    await this.#prepareTable();
  }

  async #removeTable(): Promise<void> {
    this.#stored.close();
    if (this.#ownEngine) this.#ownEngine.stop();
    else await deleteTable(this.engine.target, this.#tableName);
  }

  async stop(): Promise<void> {
    await this.#removeTable();
    await Promise.all([this.sandbox.stop(), this.engine.stop()]);
    this.#stopTagging?.();
    this.#grants.write();
    this.#grants.check();
  }

  /** Stops the clock, so that the duration of a test does not change its result. */
  freeze(): void {
    const others = ['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const;
    const timers = ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] as const;
    jest.useFakeTimers({ now: this.#frozenAt, doNotFake: [...others, ...timers] });
  }

  /**
   * Runs `run` once, before the sandbox responds to an action. Actions have the notation of
   * permissions: `sns:Publish endpoint`.
   */
  beforeResponse(action: string, run: () => Promise<unknown>): void {
    this.#beforeResponse = async (called) => {
      if (called !== action) return;
      this.#beforeResponse = undefined;
      await run();
    };
  }

  publishKeys(): Promise<void> {
    const destination = { tableName: this.#tableName, endpoint: this.engine.target };
    return placePublicKeys(this.secrets['public-keys'], destination);
  }

  /** Resets the clock, the faults and the environment variables. */
  reset(): void {
    jest.setSystemTime(this.#frozenAt);
    this.engine.heal();
    this.sandbox.faults = Faults.parse({});
    this.#beforeResponse = undefined;
    for (const [name, value] of Object.entries(this.#settings)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    this.#settings = {};
    this.#grants.check();
  }

  set(settings: Record<string, string>): void {
    for (const [name, value] of Object.entries(settings)) {
      if (!(name in this.#settings)) this.#settings[name] = process.env[name];
      process.env[name] = value;
    }
  }

  /** Disables the caches of secrets and seed data until the test ends. */
  disableCaches(): void {
    this.set({ SECRETS_CACHE_SECONDS: '0', SEED_CACHE_SECONDS: '0' });
  }

  /** Moves the clock until the test ends. */
  advance(seconds: number): void {
    jest.setSystemTime(Date.now() + seconds * 1000);
  }

  /**
   * Calls an endpoint as API Gateway does. The test also fails if the function makes a call to AWS
   * that serverless.yml does not allow.
   * @throws if its contract does not declare the status and codes of the response
   */
  call(handler: Endpoint, request: TestRequest = {}): Promise<TestResponse> {
    return this.send(handler, restEvent(request));
  }

  async send(handler: Endpoint, event: APIGatewayProxyEvent): Promise<TestResponse> {
    const result = await runAs(this.#grants.functionOf(handler.contract.operationId), () =>
      handler(event, lambdaContext()),
    );
    const body = result.body ? JSON.parse(result.body) : undefined;
    const { contract } = handler;
    if (!isDeclared(contract, { path: event.path, status: result.statusCode, body })) {
      throw new Error(`${contract.summary} does not declare ${result.statusCode} ${result.body}`);
    }
    return { status: result.statusCode, headers: result.headers as Record<string, string>, body };
  }

  /** Returns an Egyptian mobile number that is unique in this test file. */
  phone(): string {
    this.#phones += 1;
    return `+2010${String(10_000_000 + this.#phones)}`;
  }

  otpFor(phone: string): string {
    const [newest] = this.sandbox.messages.list(phone);
    const code = newest && /\b\d{6}\b/.exec(newest.text)?.[0];
    if (!code) throw new Error(`No code was sent to ${phone}.`);
    return code;
  }

  /** Follows the table's stream from now on, for one worker of serverless.yml. */
  openStream(functionName: string): Promise<Stream> {
    return openStream(this.engine.target, this.#tableName, functionName);
  }

  items(): ReturnType<StoredItems['all']> {
    return this.#stored.all();
  }

  partition(pk: string): ReturnType<StoredItems['partition']> {
    return this.#stored.partition(pk);
  }

  /**
   * Stores an item without the repositories, for states that need time or an old version to arise.
   */
  put(item: object): Promise<void> {
    return this.#stored.put(item);
  }

  delete(key: { pk: string; sk: string }): Promise<void> {
    return this.#stored.delete(key);
  }
}

/** All seed data except the common passwords, which take longest to load. */
const quickSeed: readonly Part[] = ['countries', 'regions', 'app', 'faqs', 'settings'];

/**
 * Sets up the stage of a test file, by default for the project's own service. Call it once, at the
 * top level.
 */
export function useWorld(service: Partial<TestedService> = {}): World {
  const world = new World({ folder: project, seed: quickSeed, ...service });
  beforeAll(async () => {
    await world.start();
    world.freeze();
  });
  afterEach(() => world.reset());
  afterAll(async () => {
    jest.useRealTimers();
    await world.stop();
  });
  return world;
}
