import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { readService } from '../lib/http/routes.ts';
import { runCommand, useDeployedStage } from '../local/stage.ts';
import { Refusal } from '../seed/refusal.ts';

/** Prints where the API of a deployed stage is. */
async function run(): Promise<void> {
  const { stage, region } = useDeployedStage();
  const command = new DescribeStacksCommand({ StackName: `${readService().service}-${stage}` });
  const { Stacks } = await new CloudFormationClient({ region }).send(command);
  const url = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'ServiceEndpoint')?.OutputValue;
  if (!url) throw new Refusal(`The stage ${stage} has no API yet; deploy it first.`);
  process.stdout.write(`${url}\n`);
}

await runCommand(run);
