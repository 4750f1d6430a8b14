import { config } from '../config/config.ts';
import { signedFetch } from './signedFetch.ts';

/**
 * Calls SNS with its query protocol.
 * @throws {ServiceFailure} with SNS's error code: `SnsOptedOut`, `SnsThrottled` …
 * @see https://docs.aws.amazon.com/sns/latest/api/CommonParameters.html
 */
export async function callSns(
  action: string,
  parameters: Record<string, string>,
  { isRepeatable = true } = {},
): Promise<void> {
  const body = new URLSearchParams({ Action: action, Version: '2010-03-31', ...parameters }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const timeoutMs = config.snsTimeoutMs;
  await signedFetch('sns', '', { method: 'POST', headers, body, timeoutMs, isRepeatable });
}
