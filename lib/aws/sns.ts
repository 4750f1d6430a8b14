import { SNSClient } from '@aws-sdk/client-sns';
import { config } from '../config/config.ts';
import { requestHandler } from './timeouts.ts';

function handlerOptions() {
  return { ...requestHandler, requestTimeout: config.snsTimeoutMs };
}

let retrying: SNSClient | undefined;
let single: SNSClient | undefined;

/** Returns the SNS client, which makes up to two attempts. */
export function snsClient(): SNSClient {
  retrying ??= new SNSClient({ maxAttempts: 2, requestHandler: handlerOptions() });
  return retrying;
}

/** Returns an SNS client without retries, for callers that check the state before a retry. */
export function snsClientWithoutRetries(): SNSClient {
  single ??= new SNSClient({ maxAttempts: 1, requestHandler: handlerOptions() });
  return single;
}
