import * as z from 'zod';
import { cacheThroughFailures } from '../cached.ts';
import { config } from '../config/config.ts';
import { ConfigurationError } from '../config/env.ts';
import { fail } from '../errors.ts';
import { countEvent } from './metrics.ts';
import { ServiceFailure, signedFetch } from './signedFetch.ts';

/**
 * By schema, for a schema may turn the same secret into something else, such as a key ready for
 * use.
 */
const readers = new Map<z.ZodType, () => Promise<unknown>>();

const Answer = z.object({ Parameter: z.object({ Value: z.string() }) });

/**
 * A secret of this stage: the JSON of an SSM parameter, kept for a while, in which a rotation is
 * not seen. While SSM cannot be reached, the last value goes on serving.
 * @throws unavailable where there is no last value
 */
export function readSecret<S extends z.ZodType>(name: SecretName, schema: S): Promise<z.output<S>> {
  const read = readers.get(schema) ?? cacheThroughFailures((hasLast) => readParameter(name, schema, hasLast));
  readers.set(schema, read);
  return read() as Promise<z.output<S>>;
}

/**
 * `signing-keys` holds private keys: only functions that mint tokens may read it. `public-keys` is
 * for operators, and functions read its copy in the table.
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
    // A request that can be served with the last value does not wait.
    budgetMs: hasLast ? undefined : config.secretsBudgetMs,
  };
  const body = await signedFetch('ssm', '', request).catch((cause) => {
    if (cause instanceof ServiceFailure && cause.isTransient) {
      countEvent('secret_unavailable', 'SecretsUnavailable', { secret: secretName, reason: cause.name });
      return fail('unavailable', { retryAfterSeconds });
    }
    throw new ConfigurationError(`SSM did not give ${name}.`, { cause });
  });
  const { Parameter } = Answer.parse(JSON.parse(body));
  return schema.parseAsync(JSON.parse(Parameter.Value));
}
