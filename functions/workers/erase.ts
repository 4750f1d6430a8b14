import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { erase } from '../../lib/erasure.ts';
import { loggable, logger } from '../../lib/logger.ts';

/**
 * Finishes the erasure of removed customers, one record of the table's stream after another. What fails is reported, and
 * Lambda sends it again from there.
 */
export const handler = async ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
  for (const { dynamodb } of Records) {
    const customerId = Number(dynamodb?.NewImage?.customerId?.N);
    try {
      await erase(customerId);
      logger().info('erased', { customer_id: customerId });
    } catch (error) {
      logger().error('erasure failed', { customer_id: customerId, error: loggable(error) });
      return { batchItemFailures: [{ itemIdentifier: dynamodb?.SequenceNumber ?? '' }] };
    }
  }
  return { batchItemFailures: [] };
};
