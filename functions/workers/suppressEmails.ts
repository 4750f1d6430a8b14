import type { SNSEvent } from 'aws-lambda';
import { followEmailEvent } from '../../lib/messages/emailEvents.ts';

/**
 * Suppresses addresses after bounces and complaints, which SES reports by an SNS topic. Lambda
 * retries an event that failed, and a repetition changes nothing.
 */
export const handler = async ({ Records }: SNSEvent): Promise<void> => {
  for (const { Sns } of Records) await followEmailEvent(Sns.Message);
};
