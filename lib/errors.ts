import { type errorDetails, errorTexts, type FieldDetail, type FieldErrorCode } from './errorTexts.ts';
import type { Language, Texts } from './languages.ts';

interface Entry<Status extends number, Code extends string> {
  status: Status;
  type: 'validation_error' | 'client_error' | 'server_error';
  code: Code;
  /** The field it belongs to, where it is always the same one. */
  attr?: string;
  detail: Texts;
}

function row<Status extends number, Code extends keyof typeof errorTexts>(
  status: Status,
  code: Code,
  others: Partial<Pick<Entry<Status, Code>, 'type' | 'attr'>> = {},
): Entry<Status, Code> {
  return { status, code, type: status < 500 ? 'client_error' : 'server_error', detail: errorTexts[code], ...others };
}

/** Every error that this API returns. Bad fields have codes of their own in errorTexts.ts. */
export const errors = {
  parseError: row(400, 'parse_error'),
  notAuthenticated: row(401, 'not_authenticated'),
  authenticationFailed: row(401, 'authentication_failed'),
  tokenNotValid: row(401, 'token_not_valid'),
  permissionDenied: row(403, 'permission_denied'),
  wrongCredentials: row(403, 'wrong_credentials'),
  wrongCode: row(403, 'wrong_code'),
  reauthenticationRequired: row(403, 'recent_code_required'),
  accountSuspended: row(403, 'account_suspended'),
  secondProofRequired: row(403, 'second_proof_required'),
  phoneNotVerified: row(409, 'phone_not_verified'),
  phoneChangePending: row(409, 'phone_change_pending'),
  notFound: row(404, 'not_found'),
  methodNotAllowed: row(405, 'method_not_allowed'),
  notAcceptable: row(406, 'not_acceptable'),
  payloadTooLarge: row(413, 'payload_too_large'),
  unsupportedMediaType: row(415, 'unsupported_media_type'),
  /** DynamoDB was busy, so an earlier attempt of the request may have been written. */
  throttled: row(429, 'throttled'),
  /** A limit rejected the request, so nothing was written. */
  limitExceeded: row(429, 'throttled'),
  otpSendLimit: row(429, 'otp_send_limit'),
  otpAttemptLimit: row(429, 'otp_try_limit'),
  otpInvalid: row(400, 'otp_invalid', { type: 'validation_error', attr: 'otp' }),
  otpExpired: row(400, 'otp_expired', { type: 'validation_error', attr: 'otp' }),
  smsOptedOut: row(400, 'sms_opted_out'),
  emailUndeliverable: row(400, 'email_undeliverable', { type: 'validation_error', attr: 'email' }),
  /** The stage has no sender of e-mails. */
  emailUnavailable: row(400, 'email_unavailable'),
  unsupportedRegion: row(400, 'unsupported_region'),
  regionCountryMismatch: row(400, 'region_country_mismatch'),
  addressLimitReached: row(400, 'address_limit_reached'),
  cannotDeletePrimaryAddress: row(400, 'cannot_delete_primary_address'),
  customerNotFound: row(404, 'customer_not_found'),
  currencyMismatch: row(400, 'currency_mismatch', { attr: 'currency' }),
  insufficientFunds: row(400, 'insufficient_funds', { attr: 'amount' }),
  walletFrozen: row(400, 'wallet_frozen', { attr: 'transaction_type' }),
  balanceTooLarge: row(400, 'balance_too_large', { attr: 'amount' }),
  idempotencyKeyReused: row(400, 'idempotency_key_reused', { attr: 'idempotency_key' }),
  idempotencyKeyInvalid: row(400, 'idempotency_key_invalid'),
  /** The same code as {@link errors.idempotencyKeyReused}, which operator functions keep. */
  idempotencyKeyConflict: row(422, 'idempotency_key_reused'),
  unavailable: row(503, 'service_unavailable'),
  error: row(500, 'error'),
};

export type ErrorName = keyof typeof errors;

/** One failing field: `attr` is its path with dots, or `non_field_errors` for the whole body. */
export interface FieldError {
  attr: string;
  code: FieldErrorCode;
  detail?: FieldDetail;
  max?: number;
  min?: number;
}

export const secondProofKinds = ['password', 'email'] as const;
export type SecondProofKind = (typeof secondProofKinds)[number];

interface ErrorContext {
  detail?: keyof typeof errorDetails;
  /** Texts instead of those in the catalogue, and the language to show them in. */
  texts?: Texts | undefined;
  language?: Language;
  /** For 429 and 503: whole seconds until the same request can succeed. */
  retryAfterSeconds?: number;
  allow?: readonly string[];
  /** The kinds of a second proof that the account has. */
  kinds?: readonly SecondProofKind[];
  /** Field of the request, if it is not the one in the catalogue. */
  attr?: string;
}

/** Error of the catalogue. Any other thrown error becomes a bare 500. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly errorName: ErrorName;
  readonly details: ErrorContext;

  constructor(errorName: ErrorName, details: ErrorContext = {}) {
    super(errors[errorName].code);
    this.errorName = errorName;
    this.details = details;
  }
}

export class ValidationError extends Error {
  override name = 'ValidationError';
  readonly fields: readonly FieldError[];

  constructor(fields: readonly FieldError[]) {
    super(fields.map(({ attr, code }) => `${attr}: ${code}`).join(', '));
    this.fields = fields;
  }
}

/** Ends the request with an error of the catalogue. @throws {ApiError} */
export function fail(errorName: ErrorName, details?: ErrorContext): never {
  throw new ApiError(errorName, details);
}

/** Ends the request with field errors that need the table. @throws {ValidationError} */
export function failFields(...fields: FieldError[]): never {
  throw new ValidationError(fields);
}
