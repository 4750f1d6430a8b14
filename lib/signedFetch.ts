import { AwsClient } from 'aws4fetch';
import { config, endpointOf } from './config.ts';

interface Options {
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
  /** How often a service that is busy, or cut the connection, is asked again; 3 without it. */
  retries?: number;
  /** How long the request may take with its repetitions and its answer. */
  timeoutMs: number;
}

/**
 * Asks an AWS service without its client of the SDK, which would add 78 kB (SSM), 125 kB (SNS) or 190 kB (S3) to a bundle and
 * the time to load that; for single calls.
 * @throws {Error} when it does not answer in time, or cannot be reached
 */
export async function signedFetch<T>(
  service: Parameters<typeof endpointOf>[0],
  path: string,
  { timeoutMs, retries = 3, ...request }: Options,
  read: (response: Response) => T | Promise<T>,
): Promise<T> {
  const aws = new AwsClient({ ...config.awsCredentials, region: config.region, service, retries });
  const late = `${service.toUpperCase()} did not answer within ${timeoutMs} ms.`;
  const ask = async (signal: AbortSignal, left: number): Promise<Response> => {
    try {
      return await aws.fetch(`${endpointOf(service)}${path}`, { ...request, signal });
    } catch (error) {
      // A connection that was kept while Lambda had the function frozen may be dead by now.
      if (signal.aborted || left === 0) throw error;
      return ask(signal, left - 1);
    }
  };
  return inTime(timeoutMs, late, async (signal) => read(await ask(signal, retries)));
}

/** Gives up by a timer of its own: the one behind AbortSignal.timeout may be collected with the request it belongs to. */
async function inTime<T>(timeoutMs: number, late: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const giveUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(late));
      controller.abort();
    }, timeoutMs);
  });
  return Promise.race([run(controller.signal), giveUp]).finally(() => clearTimeout(timer));
}
