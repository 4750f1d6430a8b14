import { CloudFormationClient, DescribeStackResourceCommand } from '@aws-sdk/client-cloudformation';
import { DeleteObjectsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

/** Returns the bucket of a stack, or undefined if the stack or the bucket does not exist. */
export async function bucketOf(stackName: string, logicalId: string, region: string): Promise<string | undefined> {
  const command = new DescribeStackResourceCommand({ StackName: stackName, LogicalResourceId: logicalId });
  const { StackResourceDetail } = await new CloudFormationClient({ region }).send(command).catch((error) => {
    if (error.name === 'ValidationError') return { StackResourceDetail: undefined };
    throw error;
  });
  return StackResourceDetail?.ResourceStatus === 'DELETE_COMPLETE'
    ? undefined
    : StackResourceDetail?.PhysicalResourceId;
}

/**
 * Deletes all objects of a bucket, because CloudFormation only deletes empty buckets. Returns the
 * number of objects.
 */
export async function emptyBucket(bucket: string, region: string): Promise<number> {
  const s3 = new S3Client({ region, forcePathStyle: true });
  let deleted = 0;
  for (;;) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    if (Contents.length === 0) return deleted;
    const Objects = Contents.map(({ Key }) => ({ Key: Key ?? '' }));
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
    );
    if (Errors[0]) throw new Error(`${Errors[0].Key} cannot be deleted: ${Errors[0].Message}`);
    deleted += Objects.length;
  }
}
