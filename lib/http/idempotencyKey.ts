import { createHash } from 'node:crypto';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { fail } from '../errors.ts';

/** A request with an `Idempotency-Key`. The hashes reveal no key, password or OTP. */
export interface IdempotentRequest {
  keyHash: string;
  /** Equal for equal requests. */
  requestHash: string;
}

/**
 * Secrets that prove who sends a request. A hash would not hide six digits or a common password, so
 * the operation itself compares them.
 */
const secrets = ['password', 'otp', 'email_otp', 'token', 'verification_code'];

export function toIdempotentRequest(key: string, operation: string | undefined, body: unknown): IdempotentRequest {
  const content = JSON.stringify([operation, body], (name, value) => {
    if (secrets.includes(name)) return undefined;
    // An uploaded file counts by its bytes.
    return value?.bytes instanceof Uint8Array ? { ...value, bytes: hash(value.bytes) } : value;
  });
  return { keyHash: hash(key), requestHash: hash(content) };
}

const header = 'idempotency-key';
const visible = /^[\x21-\x7E]{1,255}$/;

/**
 * Returns the key of a request: a structured-field string, as the draft of the HTTPAPI working
 * group says, or the bare characters. Header names must be in lower case.
 * @throws idempotencyKeyInvalid
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function readIdempotencyKey({
  headers,
  multiValueHeaders,
}: Pick<APIGatewayProxyEvent, 'headers' | 'multiValueHeaders'>): string | undefined {
  const [value, ...more] = multiValueHeaders?.[header] ?? [headers[header] ?? []].flat();
  if (value === undefined) return undefined;
  const given = value.trim();
  const [, quoted] = /^"((?:[^"\\]|\\["\\])*)"$/.exec(given) ?? [];
  const key = quoted?.replace(/\\(.)/g, '$1') ?? (given.startsWith('"') ? '' : given);
  return more.length === 0 && visible.test(key) ? key : fail('idempotencyKeyInvalid');
}

function hash(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('base64url');
}
