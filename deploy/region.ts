const fallback = 'eu-central-1';

/** The AWS region that the shell or the profile names, as the AWS CLI finds it. */
export async function findRegion(): Promise<string> {
  const named = process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION;
  if (named) return named;
  const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
  return new CloudFormationClient({}).config.region().catch(() => fallback);
}
