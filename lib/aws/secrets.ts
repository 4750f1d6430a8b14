import * as z from 'zod';
import { cacheThroughFailures } from '../cached.ts';
import { config } from '../config/config.ts';
import { ConfigurationError } from '../config/env.ts';
import { fail } from '../errors.ts';
import { countEvent } from './metrics.ts';
import { ServiceFailure, signedFetch } from './signedFetch.ts';

/** Readers by schema, because two schemas may transform the same secret in different ways. */
const readers = new Map<z.ZodType, () => Promise<unknown>>();

const ParameterResponse = z.object({ Parameter: z.object({ Value: z.string() }) });

/**
 * Reads a secret of this stage, which is JSON in an SSM parameter. The cached value may be
 * {@link config.secretsCacheSeconds} old, and still serves while SSM is unreachable.
 * @throws unavailable if SSM is unreachable and no value is cached
 */
export function readSecret<S extends z.ZodType>(name: SecretName, schema: S): Promise<z.output<S>> {
  const read = readers.get(schema) ?? cacheThroughFailures((hasLast) => readParameter(name, schema, hasLast));
  readers.set(schema, read);
  return read() as Promise<z.output<S>>;
}

/**
 * Only functions that issue tokens may read `signing-keys`, which holds private keys. `public-keys`
 * is for operators, and functions read its copy in the table.
 */
export const secretNames = ['signing-keys', 'public-keys', 'otp-secrets', 'health-key'] as const;
export type SecretName = (typeof secretNames)[number];

const retryAfterSeconds = 5;

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html */
async function readParameter<S extends z.ZodType>(
  secretName: SecretName,
  schema: S,
  hasLast: boolean,
): Promise<z.output<S>> {
  const name = `${config.secretsPath}/${secretName}`;
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameter' },
    body: JSON.stringify({ Name: name, WithDecryption: true }),
    timeoutMs: config.secretsTimeoutMs,
    // A request does not wait for SSM if the last value can serve it.
    budgetMs: hasLast ? undefined : config.secretsBudgetMs,
  };
  const body = await signedFetch('ssm', '', request).catch((cause) => {
    if (cause instanceof ServiceFailure && cause.isTransient) {
      countEvent('secret_unavailable', 'SecretsUnavailable', { secret: secretName, reason: cause.name });
      return fail('unavailable', { retryAfterSeconds });
    }
    throw new ConfigurationError(`SSM did not give ${name}.`, { cause });
  });
  const { Parameter } = ParameterResponse.parse(JSON.parse(body));
  return schema.parseAsync(JSON.parse(Parameter.Value));
}
