import { AwsClient } from 'aws4fetch';
import { config, endpointOf, type SignedService } from './config.ts';
import { backOff } from './repositories/retries.ts';

interface Options {
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  /** How long one try may take with its answer. */
  timeoutMs: number;
}

/** What a service refused, or that it did not answer; the name says which and why, and nothing of the request: `SnsOptedOut`, `S3Timeout`. */
class ServiceFailure extends Error {
  constructor(service: SignedService, reason: string) {
    super(`${service} did not do what it was asked.`);
    this.name = `${service.charAt(0).toUpperCase()}${service.slice(1)}${reason}`;
  }
}

const tries = 2;
/** Services call their own haste a fault of the request. */
const transient = /^(Throttl|TooManyRequests|RequestLimitExceeded|RequestTimeout|SlowDown)/;

/**
 * Asks an AWS service without its client of the SDK, which would add 78 kB (SSM), 37 kB (SNS) or 168 kB (S3) to a bundle and
 * the time to load that; for single calls. Like that client it asks once more when the service is busy, is silent or cuts the
 * connection: one that was kept while Lambda had the function frozen may be dead.
 * @returns the body
 * @throws {ServiceFailure}
 */
export async function signedFetch(service: SignedService, path: string, request: Options): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { body, reason, isTransient } = await tryOnce(service, path, request);
    if (!reason) return body;
    if (!isTransient || attempt === tries) throw new ServiceFailure(service, reason);
    await backOff(attempt);
  }
}

interface Outcome {
  body: string;
  /** Why it failed; empty if it did not. */
  reason: string;
  isTransient: boolean;
}

async function tryOnce(service: SignedService, path: string, { timeoutMs, ...request }: Options): Promise<Outcome> {
  const aws = new AwsClient({ ...config.awsCredentials, region: config.region, service, retries: 0 });
  const failed = (reason: string): Outcome => ({ body: '', reason, isTransient: true });
  const ask = async (signal: AbortSignal): Promise<Outcome> => {
    const response = await aws.fetch(`${endpointOf(service)}${path}`, { ...request, signal });
    const body = await response.text();
    if (response.ok) return { body, reason: '', isTransient: false };
    const reason = codeIn(body) ?? `Status${response.status}`;
    return { body, reason, isTransient: response.status >= 500 || response.status === 429 || transient.test(reason) };
  };
  return inTime(timeoutMs, failed('Timeout'), ask).catch(() => failed('Unreachable'));
}

/** The code of an error in XML, as of SNS and S3, or JSON, as of SSM. */
function codeIn(body: string): string | undefined {
  return /<Code>(\w+)<\/Code>|"__type":\s*"(?:[^"]*#)?(\w+)"/.exec(body)?.slice(1).find(Boolean);
}

/** Gives up by a timer of its own: the one behind AbortSignal.timeout may be collected with the request it belongs to. */
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
