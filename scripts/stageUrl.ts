import { findStack } from '../deploy/stack.ts';
import { readService } from '../lib/openapi/routes.ts';
import { InputError } from '../local/inputError.ts';
import { runCommand, useDeployedStage } from '../local/stage.ts';

/** Prints where the API of a deployed stage is. */
async function run(): Promise<void> {
  const { stage, region } = await useDeployedStage();
  const stack = await findStack(`${readService().service}-${stage}`, region);
  const url = stack?.Outputs?.find(({ OutputKey }) => OutputKey === 'ServiceEndpoint')?.OutputValue;
  if (!url) throw new InputError(`The stage ${stage} is not deployed in ${region}.`);
  process.stdout.write(`${url}\n`);
}

await runCommand(run);
