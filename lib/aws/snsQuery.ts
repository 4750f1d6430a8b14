import { config } from '../config/config.ts';
import { ServiceFailure, signedFetch } from './signedFetch.ts';

/**
 * Calls SNS with its query protocol.
 * @returns the response, which is XML
 * @throws {ServiceFailure} with SNS's error code: `SnsOptedOut`, `SnsThrottled` …
 * @see https://docs.aws.amazon.com/sns/latest/api/CommonParameters.html
 */
export async function callSns(
  action: string,
  parameters: Record<string, string>,
  options: { isRepeatable?: boolean; attempts?: number } = {},
): Promise<string> {
  const body = new URLSearchParams({ Action: action, Version: '2010-03-31', ...parameters }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return signedFetch('sns', '', { method: 'POST', headers, body, timeoutMs: config.snsTimeoutMs, ...options });
}

/** Returns whether SNS rejected a request for one of these reasons. */
export function isRejection(error: unknown, ...reasons: string[]): error is ServiceFailure {
  return error instanceof ServiceFailure && reasons.includes(error.reason);
}

/** Returns the parameters of a list or a map of SNS: `Attributes.entry.1.key`, … */
export function listParameters(name: string, entries: readonly Record<string, string>[]): Record<string, string> {
  return Object.fromEntries(
    entries.flatMap((entry, index) =>
      Object.entries(entry).map(([field, value]) => [`${name}.entry.${index + 1}.${field}`, value]),
    ),
  );
}

/** Returns the parameters of message attributes, which are strings. */
export function messageAttributes(attributes: Record<string, string>): Record<string, string> {
  const entries = Object.entries(attributes).map(([Name, value]) => ({
    Name,
    'Value.DataType': 'String',
    'Value.StringValue': value,
  }));
  return listParameters('MessageAttributes', entries);
}
