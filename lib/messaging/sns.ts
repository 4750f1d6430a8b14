import { SNSClient } from '@aws-sdk/client-sns';
import { requestHandler } from '../aws.ts';

let client: SNSClient | undefined;

/** The one client of SNS, made at the first call. Whoever sends decides what is tried again. */
export function sns(): SNSClient {
  client ??= new SNSClient({ maxAttempts: 2, requestHandler });
  return client;
}
