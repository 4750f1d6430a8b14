import { AwsClient } from 'aws4fetch';
import * as z from 'zod';
import { isFresh, nowSeconds } from './clock.ts';
import { config } from './config.ts';
import { ConfigurationError } from './settings.ts';

const timeoutMs = 2_000;

/** By schema, for a schema may turn the same secret into something else, such as a key ready for use. */
const cache = new Map<z.ZodType, { value: Promise<unknown>; readAtSeconds: number }>();

const Answer = z.object({ Parameter: z.object({ Value: z.string() }) });

/**
 * A secret of this stage: the JSON of an SSM parameter, kept for a while, in which a rotation is not seen; when SSM cannot
 * be reached the last value goes on serving.
 *
 * It asks SSM by itself because the SDK's client would add 78 kB to every function, a fifth of what DynamoDB takes.
 */
export async function secret<S extends z.ZodType>(name: SecretName, schema: S): Promise<z.output<S>> {
  const cached = cache.get(schema);
  if (cached && isFresh(cached.readAtSeconds, config.secretsCacheSeconds)) return cached.value as Promise<z.output<S>>;
  const parameter = `${config.secretsPath}/${name}`;
  const value = inTime((signal) => readParameter(parameter, schema, signal)).catch((error) => {
    if (cached) return cached.value as Promise<z.output<S>>;
    cache.delete(schema);
    throw error;
  });
  cache.set(schema, { value, readAtSeconds: nowSeconds() });
  return value;
}

/** `signing-keys` holds private keys: only functions that mint tokens may read it. */
export const secretNames = ['signing-keys', 'public-keys', 'otp-secrets', 'health-key'] as const;
export type SecretName = (typeof secretNames)[number];

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html */
async function readParameter<S extends z.ZodType>(name: string, schema: S, signal: AbortSignal): Promise<z.output<S>> {
  const aws = new AwsClient({ ...config.awsCredentials, region: config.region, service: 'ssm', retries: 3 });
  const response = await aws.fetch(config.ssmEndpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameter' },
    body: JSON.stringify({ Name: name, WithDecryption: true }),
    signal,
  });
  if (!response.ok) throw new ConfigurationError(`SSM answered ${response.status} to a request for ${name}.`);
  const { Parameter } = Answer.parse(await response.json());
  return schema.parseAsync(JSON.parse(Parameter.Value));
}

/** Gives up by a timer of its own: the one behind AbortSignal.timeout may be collected with the request it belongs to. */
async function inTime<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new ConfigurationError(`SSM did not answer within ${timeoutMs} ms.`));
      controller.abort();
    }, timeoutMs);
  });
  return Promise.race([run(controller.signal), late]).finally(() => clearTimeout(timer));
}
