import { text } from 'node:stream/consumers';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SignatureV4 } from '@smithy/signature-v4';
import { backOff } from '../backOff.ts';
import { config } from '../config/config.ts';
import { findServiceUrl, type SignedService } from './serviceUrl.ts';

interface Options {
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  /** Timeout of one attempt, including the response. */
  timeoutMs: number;
  /** Most attempts, 2 by default. A budget replaces it. */
  attempts?: number;
  /** Time for retries of transient failures. */
  budgetMs?: number | undefined;
  /**
   * False for a request that must not run twice. It is retried only after a definite rejection. It
   * uses a new connection, because a reused one may have died while Lambda froze the function, and
   * then the result would be unknown.
   */
  isRepeatable?: boolean;
}

/**
 * Failed request. The name has the service and the reason, but no data of the request:
 * `SnsOptedOut`, `S3Timeout`.
 */
export class ServiceFailure extends Error {
  /**
   * False if the service may have run an attempt: after a timeout, a lost connection or a 5xx.
   */
  readonly isDefinite: boolean;
  readonly isTransient: boolean;
  /** The service's error code, `Timeout`, `Unreachable`, or the status: `Status503`. */
  readonly reason: string;
  // Lambda logs the fields of an error, and the body may hold personal data.
  readonly #body: string;

  constructor(service: SignedService, { reason, body, cause, isDefinite, isTransient }: Outcome) {
    super(`${service} did not complete the request.`, { cause });
    this.name = `${service.charAt(0).toUpperCase()}${service.slice(1)}${reason}`;
    this.reason = reason;
    this.#body = body;
    this.isDefinite = isDefinite;
    this.isTransient = isTransient;
  }

  /** The body of the response, empty without one. */
  get body(): string {
    return this.#body;
  }
}

/** Retries within a budget start at a pause of up to 160 ms, for a service that throttles. */
const skippedPauses = 3;
/** Error codes of throttling and timeouts, which services return with a 4xx status. */
const transient =
  /^(Throttl|TooManyRequests|RequestLimitExceeded|RequestTimeout|SlowDown|ProvisionedThroughputExceeded)/;

/**
 * Sends a request to an AWS service without an SDK client, which would add 78 kB (SSM), 37 kB
 * (SNS), 168 kB (S3) or 170 kB (DynamoDB) to a bundle. The signer, the HTTP handler and the default
 * credentials are the SDK's. Like the SDK, it retries if the service is busy, times out or closes
 * the connection, which may have died while Lambda froze the function.
 * @returns the body
 * @throws {ServiceFailure}
 */
export async function signedFetch(service: SignedService, path: string, request: Options): Promise<string> {
  const { isRepeatable = true, attempts = 2, budgetMs } = request;
  const startedAtMs = performance.now();
  let isDefinite = true;
  for (let attempt = 1; ; attempt++) {
    // A retry connects anew, because other idle connections may have died as well.
    const handler = attempt === 1 && isRepeatable ? reusing : connecting;
    const outcome = await attemptOnce(service, path, request, handler);
    if (!outcome.reason) return outcome.body;
    isDefinite &&= outcome.isDefinite;
    const mayRepeat = outcome.isTransient && (isRepeatable || outcome.isDefinite);
    const isOver = budgetMs === undefined ? attempt >= attempts : performance.now() - startedAtMs >= budgetMs;
    if (!mayRepeat || isOver) throw new ServiceFailure(service, { ...outcome, isDefinite });
    await backOff(budgetMs === undefined ? attempt : attempt + skippedPauses);
  }
}

interface Outcome {
  body: string;
  reason: string;
  cause?: unknown;
  isTransient: boolean;
  isDefinite: boolean;
}

/** In bundles, these are the credentials of the function's role (lambdaCredentials.ts). */
const credentials = defaultProvider();
const reusing = new NodeHttpHandler();
const connecting = new NodeHttpHandler({ httpAgent: { keepAlive: false }, httpsAgent: { keepAlive: false } });

async function attemptOnce(
  service: SignedService,
  path: string,
  options: Options,
  handler: NodeHttpHandler,
): Promise<Outcome> {
  const { timeoutMs } = options;
  const signed = await sign(service, path, options);
  const failed = (reason: string, isDefinite: boolean): Outcome => ({
    body: '',
    reason,
    isTransient: true,
    isDefinite,
  });
  const send = async (abortSignal: AbortSignal): Promise<Outcome> => {
    const { response } = await handler.handle(signed, { abortSignal });
    const { statusCode } = response;
    const body = await text(response.body);
    if (statusCode >= 200 && statusCode < 300) return { body, reason: '', isTransient: false, isDefinite: true };
    // SES names its error in a header.
    const reason =
      codeIn(body) ?? /^\w+/.exec(response.headers['x-amzn-errortype'] ?? '')?.[0] ?? `Status${statusCode}`;
    const isFault = statusCode >= 500;
    const isTransient = isFault || statusCode === 429 || transient.test(reason);
    return { body, reason, isTransient, isDefinite: !isFault };
  };
  return inTime(timeoutMs, failed('Timeout', false), send).catch((cause) => ({
    ...failed('Unreachable', wasNeverSent(cause)),
    cause,
  }));
}

async function sign(service: SignedService, path: string, { method, headers, body }: Options): Promise<HttpRequest> {
  const { region } = config;
  const { protocol, hostname, port, host, pathname, searchParams } = new URL(`${findServiceUrl(service)}${path}`);
  // S3 signs the path as it is sent. The signatures of other services encode it twice.
  const signer = new SignatureV4({ credentials, region, service, sha256: Sha256, uriEscapePath: service !== 's3' });
  const request = new HttpRequest({
    method,
    protocol,
    hostname,
    ...(port && { port: Number(port) }),
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: { ...headers, host, ...(body && { 'content-length': String(Buffer.byteLength(body)) }) },
    body,
  });
  return (await signer.sign(request)) as HttpRequest;
}

const connectErrors = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

/** Returns whether the connection failed, so that the request was never sent. */
function wasNeverSent(error: unknown): boolean {
  const { code = '' } = error as { code?: string };
  return connectErrors.includes(code);
}

/** Returns the error code in a response, which is XML or JSON. */
function codeIn(body: string): string | undefined {
  if (!body.startsWith('{')) return /<Code>(\w+)<\/Code>/.exec(body)?.[1];
  try {
    const { __type: type } = JSON.parse(body);
    return typeof type === 'string' ? type.split('#').at(-1) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Runs a request with a timeout. AbortSignal.timeout does not fit, because its timer may be
 * garbage-collected together with the request.
 */
async function inTime<T>(timeoutMs: number, late: T, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<T>((resolve) => {
    timer = setTimeout(() => {
      resolve(late);
      controller.abort();
    }, timeoutMs);
  });
  return Promise.race([run(controller.signal), timeout]).finally(() => clearTimeout(timer));
}
