import type { Stack } from '@aws-sdk/client-cloudformation';
import { SetupError } from '../local/setupError.ts';

/** @returns undefined where there is none */
export async function findStack(name: string, region: string): Promise<Stack | undefined> {
  // The local stack starts sooner without the SDK's client.
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  try {
    const { Stacks } = await new CloudFormationClient({ region }).send(new DescribeStacksCommand({ StackName: name }));
    return Stacks?.[0];
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
      return undefined;
    }
    throw error;
  }
}

/** @throws SetupError when the name would not fit into those of the stage's resources */
export function checkStageName(stage: string): void {
  if (/^[a-z][a-z0-9-]{0,12}$/.test(stage)) return;
  throw new SetupError(
    'The name of a stage has up to 13 lower-case letters, digits and hyphens, and begins with a letter.',
  );
}

/** The part of a stack that decides whether it can be deployed. */
export interface DeployedStack {
  StackName?: string | undefined;
  StackStatus?: string | undefined;
}

/** @throws SetupError when CloudFormation would reject a deployment of this stack */
export function checkDeployable({ StackStatus = '', StackName }: DeployedStack, stage: string): void {
  if (['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED', 'REVIEW_IN_PROGRESS'].includes(StackStatus)) {
    throw new SetupError(
      `The first deployment of the stage ${stage} did not succeed (${StackStatus}). Remove the rest of it with npx serverless remove --stage ${stage}, then deploy again.`,
    );
  }
  if (StackStatus.endsWith('_IN_PROGRESS')) {
    throw new SetupError(
      `Another change of the stage ${stage} is under way (${StackStatus}). CloudFormation finishes it even when its deployment was cut off; wait for it, then deploy again.`,
    );
  }
  if (StackStatus === 'UPDATE_ROLLBACK_FAILED') {
    throw new SetupError(
      `The last deployment of the stage ${stage} could not be rolled back. Run aws cloudformation continue-update-rollback --stack-name ${StackName}, then deploy again.`,
    );
  }
}
