import * as z from 'zod';
import { isFresh, nowSeconds } from './clock.ts';
import { config } from './config.ts';
import { ConfigurationError } from './settings.ts';
import { signedFetch } from './signedFetch.ts';

/** By schema, for a schema may turn the same secret into something else, such as a key ready for use. */
const cache = new Map<z.ZodType, { value: Promise<unknown>; readAtSeconds: number; isReading: boolean }>();

const Answer = z.object({ Parameter: z.object({ Value: z.string() }) });

/**
 * A secret of this stage: the JSON of an SSM parameter, kept for a while, in which a rotation is not seen; when SSM cannot
 * be reached the last value goes on serving.
 */
export async function secret<S extends z.ZodType>(name: SecretName, schema: S): Promise<z.output<S>> {
  const cached = cache.get(schema);
  const isOfUse = cached?.isReading || (cached && isFresh(cached.readAtSeconds, config.secretsCacheSeconds));
  if (isOfUse) return cached.value as Promise<z.output<S>>;
  const parameter = `${config.secretsPath}/${name}`;
  const value = readParameter(parameter, schema).catch((error) => {
    if (cached) return cached.value as Promise<z.output<S>>;
    cache.delete(schema);
    throw error;
  });
  const entry = { value, readAtSeconds: nowSeconds(), isReading: true };
  cache.set(schema, entry);
  const done = () => {
    entry.isReading = false;
  };
  value.then(done, done);
  return value;
}

/** `signing-keys` holds private keys: only functions that mint tokens may read it. */
export const secretNames = ['signing-keys', 'public-keys', 'otp-secrets', 'health-key'] as const;
export type SecretName = (typeof secretNames)[number];

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html */
async function readParameter<S extends z.ZodType>(name: string, schema: S): Promise<z.output<S>> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameter' },
    body: JSON.stringify({ Name: name, WithDecryption: true }),
    timeoutMs: config.secretsTimeoutMs,
  };
  const body = await signedFetch('ssm', '', request).catch((cause) => {
    throw new ConfigurationError(`SSM did not give ${name}.`, { cause });
  });
  const { Parameter } = Answer.parse(JSON.parse(body));
  return schema.parseAsync(JSON.parse(Parameter.Value));
}
