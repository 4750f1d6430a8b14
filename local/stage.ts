import { parseArgs } from 'node:util';
import { ApiError, errors } from '../lib/errors.ts';
import { readService } from '../lib/http/routes.ts';
import { ConfigurationError } from '../lib/settings.ts';
import { Refusal } from '../seed/refusal.ts';
import { SetupError } from './setupError.ts';
import { awsEnvironment, readSettings } from './stack.ts';

interface Stage {
  stage?: string | undefined;
  /** The AWS region. */
  region?: string | undefined;
}

/**
 * Points this process at the table of a stage: a deployed one, by the AWS credentials at hand, or
 * the running local stack.
 */
export function useStage({ stage = 'local', region = process.env.AWS_REGION ?? 'eu-central-1' }: Stage): string {
  Object.assign(process.env, {
    STAGE: stage,
    TABLE_NAME: `${readService().service}-${stage}`,
    AWS_REGION: region,
    ...(stage === 'local' && awsEnvironment(readSettings(process.env))),
  });
  return stage;
}

/** The deployed stage that a command is for: `--stage <stage> [--region <AWS region>]`. */
export function useDeployedStage({ takesWithdraw = false } = {}): { stage: string; region: string; withdraw?: string } {
  const text = { type: 'string' } as const;
  const options = { stage: text, region: text, ...(takesWithdraw && { withdraw: text }) };
  const { stage, region = process.env.AWS_REGION ?? 'eu-central-1', withdraw } = parseArgs({ options }).values;
  if (!stage) throw new SetupError('Name the stage: --stage <stage>.');
  if (stage === 'local') throw new SetupError('The stage local makes its secrets itself.');
  if (!/^[a-z][a-z0-9-]{0,12}$/.test(stage))
    throw new SetupError(
      'The name of a stage has up to 13 small letters, digits and hyphens, and begins with a letter.',
    );
  return { stage, region, ...(typeof withdraw === 'string' && { withdraw }) };
}

/**
 * Runs a command of an operator's to its end: what they can mend is said in a sentence, with the
 * exit code 1.
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

/** A sentence for an error that an operator or a developer can mend. Undefined for a fault of ours, which keeps its stack. */
export function explain(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'ResourceNotFoundException') return 'The stage has no table yet; deploy it first.';
  if (error.name === 'CredentialsProviderError') return `There are no AWS credentials: ${error.message}`;
  if ([SetupError, ConfigurationError, Refusal].some((known) => error instanceof known)) return error.message;
  if ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) return error.message;
  if (error.name === 'TimeoutError' || (error instanceof ApiError && error.problem === 'throttled'))
    return 'The table does not keep up; run this again.';
  if (error instanceof ApiError) return errors[error.problem].detail.en;
  if ('code' in error && error.code === 'ECONNREFUSED')
    return 'The local stack does not answer; start it with npm start.';
  return undefined;
}
