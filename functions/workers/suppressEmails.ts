import type { SNSEvent } from 'aws-lambda';
import { followEmailEvent } from '../../lib/messages/emailEvents.ts';

/**
 * Follows bounces and complaints, which SES reports by an SNS topic. It may be repeated. Lambda
 * retries an event that failed.
 */
export const handler = async ({ Records }: SNSEvent): Promise<void> => {
  for (const { Sns } of Records) await followEmailEvent(Sns.Message);
};
