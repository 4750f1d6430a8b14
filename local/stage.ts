import { parseArgs } from 'node:util';
import { explainAwsError } from '../deploy/awsErrors.ts';
import { findRegion } from '../deploy/region.ts';
import { checkStageName } from '../deploy/stack.ts';
import { ConfigurationError } from '../lib/config/env.ts';
import { ApiError, errors } from '../lib/errors.ts';
import { paramOf, readService } from '../lib/openapi/routes.ts';
import { InputError } from './inputError.ts';
import { SetupError } from './setupError.ts';
import { awsEnvironment, readSettings } from './stack.ts';

interface Stage {
  stage?: string | undefined;
  region?: string | undefined;
}

/** The name of a stage's table, which the params set. */
export function tableOf(stage: string): string {
  const { service } = readService();
  const name = String(paramOf(stage, 'tableName') ?? `${service}-${stage}`);
  return name.replace(/\$\{self:service\}/, service).replace(/\$\{sls:stage\}/, stage);
}

/**
 * Points this process at the table of a stage. A deployed stage needs AWS credentials, and the
 * local stage needs a running stack.
 */
export async function useStage({ stage = 'local', region }: Stage): Promise<string> {
  Object.assign(process.env, {
    STAGE: stage,
    TABLE_NAME: tableOf(stage),
    AWS_REGION: region ?? (await findRegion()),
    ...(stage === 'local' && awsEnvironment(readSettings(process.env))),
  });
  return stage;
}

interface DeployedStage {
  stage: string;
  region: string;
  withdraw?: string;
  'high-throughput'?: boolean;
  at?: string;
}

/** Options that only some commands take. */
const ownOptions = {
  at: { type: 'string' },
  withdraw: { type: 'string' },
  'high-throughput': { type: 'boolean' },
} as const;

/**
 * Reads the deployed stage of a command from `--stage <stage> [--region <AWS region>]`, and its own
 * options.
 */
export async function useDeployedStage(...own: (keyof typeof ownOptions)[]): Promise<DeployedStage> {
  const text = { type: 'string' } as const;
  const options = { stage: text, region: text, ...Object.fromEntries(own.map((name) => [name, ownOptions[name]])) };
  const { stage, region = await findRegion(), ...others } = parseArgs({ options }).values;
  if (!stage) throw new SetupError('Name the stage: --stage <stage>.');
  if (stage === 'local') throw new SetupError('The stage local makes its secrets itself.');
  checkStageName(stage);
  return { stage, region, ...others };
}

/**
 * Runs a command of an operator. An error that the operator can solve becomes one sentence and exit
 * code 1.
 */
export async function runCommand(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const sentence = explain(error);
    if (!sentence) throw error;
    process.stderr.write(`${sentence}\n`);
    process.exitCode = 1;
  }
}

/**
 * Explains an error that an operator or a developer can solve. Returns undefined for bugs, which
 * keep their stack trace.
 */
export function explain(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'ResourceNotFoundException') return 'The stage has no table yet; deploy it first.';
  if ([SetupError, ConfigurationError, InputError].some((type) => error instanceof type)) return error.message;
  if ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) return error.message;
  if (error.name === 'TimeoutError' || (error instanceof ApiError && error.errorName === 'throttled'))
    return 'The table does not keep up; run this again.';
  if (error instanceof ApiError) return errors[error.errorName].detail.en;
  if ('code' in error && error.code === 'ECONNREFUSED') {
    return process.env.STAGE === 'local'
      ? 'The local stack does not answer; start it with npm start.'
      : 'AWS does not answer. Check the network and AWS_ENDPOINT_URL.';
  }
  return explainAwsError(error);
}
