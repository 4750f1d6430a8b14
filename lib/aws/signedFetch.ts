import { AwsClient } from 'aws4fetch';
import { backOff } from '../backOff.ts';
import { config, findServiceUrl, type SignedService } from '../config/config.ts';

interface Options {
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  /** How long one try may take with its answer. */
  timeoutMs: number;
  /** For how long transient failures are retried; without it, there is one retry. */
  budgetMs?: number | undefined;
  /**
   * False for a request that must not be done twice. It is repeated only after a definite
   * rejection, and on a connection of its own: a kept one that died while Lambda had the function
   * frozen would leave the outcome unknown.
   */
  isRepeatable?: boolean;
}

/**
 * A failed request. The name says which service failed and why, and nothing of the request:
 * `SnsOptedOut`, `S3Timeout`.
 */
export class ServiceFailure extends Error {
  /**
   * Whether the service certainly did not do it. After a timeout, a cut connection and a 5xx it may
   * have.
   */
  readonly isDefinite: boolean;
  /** Whether the same request may succeed later. */
  readonly isTransient: boolean;

  constructor(service: SignedService, { reason, isDefinite, isTransient }: Outcome) {
    super(`${service} did not do what it was asked.`);
    this.name = `${service.charAt(0).toUpperCase()}${service.slice(1)}${reason}`;
    this.isDefinite = isDefinite;
    this.isTransient = isTransient;
  }
}

const tries = 2;
/** Pauses of retries within a budget begin with up to 160 ms: a service that throttles needs longer ones. */
const patience = 3;
/** Services call their own haste a fault of the request. */
const transient = /^(Throttl|TooManyRequests|RequestLimitExceeded|RequestTimeout|SlowDown)/;

/**
 * Asks an AWS service without its client of the SDK, which would add 78 kB (SSM), 37 kB (SNS) or
 * 168 kB (S3) to a bundle and the time to load that; for single calls. Like that client it asks
 * once more when the service is busy, is silent or cuts the connection: one that was kept while
 * Lambda had the function frozen may be dead.
 * @returns the body
 * @throws {ServiceFailure}
 */
export async function signedFetch(service: SignedService, path: string, request: Options): Promise<string> {
  const { isRepeatable = true, budgetMs } = request;
  const startedAtMs = performance.now();
  for (let attempt = 1; ; attempt++) {
    const outcome = await tryOnce(service, path, request);
    if (!outcome.reason) return outcome.body;
    const mayRepeat = outcome.isTransient && (isRepeatable || outcome.isDefinite);
    const isOver = budgetMs === undefined ? attempt >= tries : performance.now() - startedAtMs >= budgetMs;
    if (!mayRepeat || isOver) throw new ServiceFailure(service, outcome);
    await backOff(budgetMs === undefined ? attempt : attempt + patience);
  }
}

interface Outcome {
  body: string;
  /** Why it failed; empty if it did not. */
  reason: string;
  isTransient: boolean;
  isDefinite: boolean;
}

async function tryOnce(service: SignedService, path: string, options: Options): Promise<Outcome> {
  const { timeoutMs, isRepeatable = true, budgetMs: _, ...request } = options;
  const headers = { ...request.headers, ...(!isRepeatable && { connection: 'close' }) };
  const aws = new AwsClient({ ...config.awsCredentials, region: config.region, service, retries: 0 });
  const failed = (reason: string, isDefinite: boolean): Outcome => ({
    body: '',
    reason,
    isTransient: true,
    isDefinite,
  });
  const ask = async (signal: AbortSignal): Promise<Outcome> => {
    const response = await aws.fetch(`${findServiceUrl(service)}${path}`, { ...request, headers, signal });
    const body = await response.text();
    if (response.ok) return { body, reason: '', isTransient: false, isDefinite: true };
    const reason = codeIn(body) ?? `Status${response.status}`;
    const isFault = response.status >= 500;
    const isTransient = isFault || response.status === 429 || transient.test(reason);
    return { body, reason, isTransient, isDefinite: !isFault };
  };
  return inTime(timeoutMs, failed('Timeout', false), ask).catch((error) => failed('Unreachable', wasNeverSent(error)));
}

const connectErrors = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

/** Returns whether a request failed before there was a connection to send it on. */
function wasNeverSent(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: string } };
  return connectErrors.includes(cause?.code ?? '');
}

/** The code of an error in XML, as of SNS and S3, or JSON, as of SSM. */
function codeIn(body: string): string | undefined {
  return /<Code>(\w+)<\/Code>|"__type":\s*"(?:[^"]*#)?(\w+)"/.exec(body)?.slice(1).find(Boolean);
}

/**
 * Gives up by a timer of its own: the one behind AbortSignal.timeout may be collected with the
 * request it belongs to.
 */
async function inTime<T>(timeoutMs: number, late: T, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const giveUp = new Promise<T>((resolve) => {
    timer = setTimeout(() => {
      resolve(late);
      controller.abort();
    }, timeoutMs);
  });
  return Promise.race([run(controller.signal), giveUp]).finally(() => clearTimeout(timer));
}
