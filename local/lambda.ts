import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Context } from 'aws-lambda';
import { Hono } from 'hono';
import { onlyFromHere } from './guard.ts';

export interface LambdaFunction {
  name: string;
  /**
   * The bundle relative to the folder of bundles, with its export:
   * `functions/auth/sendOtp.handler`.
   */
  handler: string;
  environment: Record<string, string>;
  timeoutSeconds: number;
  memoryMb: number;
}

type Handler = (event: unknown, context: Context) => Promise<unknown>;

/** Lambda's limit for requests and responses. */
const mostBytes = 6 * 1024 * 1024;

/** Lambda's rejection of an event or a result because of its size. */
export class TooLarge extends Error {
  override name = 'TooLarge';
}

/** Runs the functions of a service in this process, by their keys in serverless.yml. */
export class Lambda {
  readonly #functions: Map<string, LambdaFunction>;
  #bundles: string;

  constructor(functions: Record<string, LambdaFunction>, bundles: string) {
    this.#functions = new Map(Object.entries(functions));
    this.#bundles = bundles;
  }

  /** Runs functions from another folder of bundles, from the next invocation on. */
  loadFrom(bundles: string): void {
    this.#bundles = bundles;
  }

  /** The key of a function by its full name. */
  keyOf(name: string): string | undefined {
    return [...this.#functions].find(([, definition]) => definition.name === name)?.[0];
  }

  /**
   * Runs a function.
   * @throws the function's error, an error when its time is over, or {@link TooLarge}
   */
  async invoke(key: string, event: unknown): Promise<unknown> {
    const definition = this.#functions.get(key);
    if (!definition) throw new Error(`serverless.yml has no function ${key}.`);
    if (Buffer.byteLength(JSON.stringify(event)) > mostBytes) throw new TooLarge('The event is larger than 6 MB.');
    Object.assign(process.env, definition.environment);
    const handler = await this.#load(definition);
    const result = await this.#inTime(definition, (context) => handler(event, context));
    if (Buffer.byteLength(JSON.stringify(result) ?? '') > mostBytes)
      throw new TooLarge('The result is larger than 6 MB.');
    return result;
  }

  async #load({ handler }: LambdaFunction): Promise<Handler> {
    const end = handler.lastIndexOf('.');
    const bundle = await import(pathToFileURL(join(this.#bundles, `${handler.slice(0, end)}.mjs`)).href);
    return bundle[handler.slice(end + 1)];
  }

  async #inTime({ name, timeoutSeconds, memoryMb }: LambdaFunction, run: (context: Context) => Promise<unknown>) {
    const endsAtMs = performance.now() + timeoutSeconds * 1_000;
    const { promise: timeout, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`Task timed out after ${timeoutSeconds}.00 seconds`)),
      timeoutSeconds * 1_000,
    );
    const context = {
      awsRequestId: randomUUID(),
      functionName: name,
      functionVersion: '$LATEST',
      memoryLimitInMB: String(memoryMb),
      getRemainingTimeInMillis: () => Math.max(0, Math.floor(endsAtMs - performance.now())),
    } as Context;
    try {
      return await Promise.race([run(context), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Emulates Lambda's API for invoking functions. It rejects pages of other sites, because a browser
 * would send their requests here.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function lambdaApi(lambda: Lambda): Hono {
  const app = new Hono().use(onlyFromHere);
  app.post('/2015-03-31/functions/:name/invocations', async (context) => {
    const name = context.req.param('name');
    const key = lambda.keyOf(name);
    const refuse = (status: 400 | 404, Type: string, Message: string) =>
      context.json({ Type: 'User', Message }, status, { 'x-amzn-errortype': Type });
    if (!key) return refuse(404, 'ResourceNotFoundException', `Function not found: ${name}`);
    const text = await context.req.text();
    const event = parse(text || '{}');
    if (event === undefined) return refuse(400, 'InvalidRequestContentException', 'The body is not JSON.');
    const kind = context.req.header('x-amz-invocation-type') ?? 'RequestResponse';
    if (kind === 'DryRun') return context.body(null, 204);
    if (kind === 'Event') {
      void lambda.invoke(key, event).catch((error) => report(name, error));
      return context.body(null, 202);
    }
    try {
      return context.json((await lambda.invoke(key, event)) ?? null);
    } catch (error) {
      report(name, error);
      const { message: errorMessage, name: errorType, stack = '' } = error as Error;
      const failure = { errorMessage, errorType, trace: stack.split('\n') };
      return context.json(failure, 200, { 'x-amz-function-error': 'Unhandled' });
    }
  });
  app.notFound((context) => context.json({ Message: 'Only functions are invoked here.' }, 404));
  return app;
}

/** Prints an error that a function did not handle, as Lambda logs it. */
export function report(name: string, error: unknown): void {
  process.stderr.write(`${name} failed: ${(error as Error).stack}\n`);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
