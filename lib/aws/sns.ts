import { SNSClient } from '@aws-sdk/client-sns';
import { config } from '../config/config.ts';
import { requestHandler } from './timeouts.ts';

function patience() {
  return { ...requestHandler, requestTimeout: config.snsTimeoutMs };
}

let patient: SNSClient | undefined;
let single: SNSClient | undefined;

/** The client of SNS, made at the first call; it tries twice. */
export function snsClient(): SNSClient {
  patient ??= new SNSClient({ maxAttempts: 2, requestHandler: patience() });
  return patient;
}

/** One that tries once, for whoever must look around before another try. */
export function snsClientWithoutRetries(): SNSClient {
  single ??= new SNSClient({ maxAttempts: 1, requestHandler: patience() });
  return single;
}
