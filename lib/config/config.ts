import * as z from 'zod';
import {
  applications,
  cdnHeaders,
  credentials,
  domain,
  emailSender,
  onlyLocally,
  stackName,
  testNumbers,
  waits,
} from './composed.ts';
import { count, flag, integer, json, list, MissingSetting, map, optional, readWhenUsed, text } from './env.ts';
import { SmsApp } from './smsApps.ts';

/** Most events in one sliding window, because a DynamoDB expression has at most 4 KB. */
export const mostCounted = 50;
/** Most sends in one window of a phone, because three windows share one expression. */
const mostSends = 24;
const daySeconds = 86_400;

/**
 * All settings: one row each, read when it is used. docs/configuration.md shows the comments.
 * @throws {ConfigurationError} if the variable of a setting is missing or wrong
 */
export const config = readWhenUsed({
  /** The stage's name. `local` is the local stack, and `prod` has stricter rules. */
  stage: text('STAGE'),
  /** The version that getHealth returns. */
  version: text('VERSION', 'unknown'),
  /** The commit that getHealth returns. */
  commit: text('COMMIT', 'unknown'),
  /** Name of the stack, in each line of the log. deploy/monitoring.cjs reads metrics from it. */
  stackName: stackName('SERVICE_NAME', 'customer-backend'),
  /** Whether functions log nothing. For tests. */
  isLogSilent: flag('LOG_SILENT'),
  /** The name of the table in DynamoDB. */
  tableName: text('TABLE_NAME'),
  /** How long one call to the table may take. */
  tableTimeoutMs: count('TABLE_TIMEOUT_MS', 4_000),
  /** The AWS region of the stage. */
  region: text('AWS_REGION'),

  /** SSM path of the stage's secrets, without a trailing slash: `/customer-backend/prod`. */
  secretsPath: text('SECRETS_PATH'),
  /** The credentials of the function's role. */
  awsCredentials: credentials('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'),

  /** Origins that browsers may call from. `*` allows all. */
  corsOrigins: list('CORS_ORIGINS'),
  /** Request headers that browsers may send, in addition to those of the CORS policy. */
  corsRequestHeaders: list('CORS_REQUEST_HEADERS'),
  /** Response headers that browsers may read, beside the kit's own. */
  corsResponseHeaders: list('CORS_ANSWER_HEADERS'),
  /** A CDN's header with the client's IP address, and the secret that identifies the CDN. */
  cdn: cdnHeaders('CLIENT_IP_HEADER', 'CLIENT_IP_SECRET_HEADER', 'CLIENT_IP_SECRET_SHA256'),
  /** Whether the stage serves the docs page. */
  hasDocs: flag('DOCS', 'true'),
  /** The largest JSON body; a larger one is `payload_too_large`. */
  maxJsonBodyBytes: count('MAX_JSON_BODY_BYTES', 64 * 1024),

  /** Cache time of countries, regions and other data of operators. 0 disables the cache. */
  seedCacheSeconds: integer('SEED_CACHE_SECONDS', 60),
  /** Cache time of secrets. A rotation relies on the maximum (deploy/secrets.ts). */
  secretsCacheSeconds: integer('SECRETS_CACHE_SECONDS', 300, 0, 300),
  /** How long one attempt to read a secret may take. */
  secretsTimeoutMs: count('SECRETS_TIMEOUT_MS', 1_000),
  /** Time for all attempts to read a secret. Most of a function's timeout is for the request. */
  secretsBudgetMs: count('SECRETS_BUDGET_MS', 5_000),
  /** Timeout of one of two attempts. After both, the function has time to undo its counters. */
  snsTimeoutMs: count('SNS_TIMEOUT_MS', 4_000),
  /** How long an attempt to send an e-mail may take. */
  sesTimeoutMs: count('SES_TIMEOUT_MS', 4_000),
  /** How long an attempt to store or delete an image may take. */
  s3TimeoutMs: count('S3_TIMEOUT_MS', 4_000),

  /** The largest image; a form may be a little larger. */
  maxImageBytes: count('MAX_IMAGE_BYTES', 4 * 1024 * 1024),
  /** The S3 bucket of uploaded images. */
  imagesBucket: text('IMAGES_BUCKET'),
  /** URL that serves the images, without a trailing slash. */
  imagesUrl: map(text('IMAGES_URL'), (url) => url.replace(/\/$/, '')),
  /** Earlier image URLs, in addition to CloudFront's own domains. */
  formerImagesUrls: map(list('IMAGES_FORMER_DOMAINS'), (domains) => domains.map((domain) => `https://${domain}`)),

  /** The methods of each path, for the `Allow` header. Packaging sets it. */
  methodsByResource: json('METHODS_BY_RESOURCE', z.record(z.string(), z.array(z.string())), {}),

  /** Whether a fine above the balance takes the whole balance. By default, it is rejected. */
  finesStopAtZero: flag('WALLET_FINES_STOP_AT_ZERO'),
  /** The most addresses that a customer can have. */
  addressesPerCustomer: count('ADDRESSES_PER_CUSTOMER', 50),
  /** At most 500, because the list with the longest push tokens must fit into Lambda's 6 MB. */
  devicesPerCustomer: count('DEVICES_PER_CUSTOMER', 50, 500),
  /** Lifetime of a notification without an expiry of its own. */
  notificationSeconds: count('NOTIFICATION_SECONDS', 90 * daySeconds),
  /** The number of parts of a notification for all customers. */
  broadcastSegments: count('BROADCAST_SEGMENTS', 32, 1_000),
  /** The SQS queue of the parts of a broadcast. */
  broadcastQueueUrl: text('BROADCAST_QUEUE_URL'),
  /** ARNs of the SNS platform applications. Undefined for a platform without pushes. */
  pushApplications: applications('PUSH_ANDROID_APPLICATION', 'PUSH_IOS_APPLICATION', 'PUSH_WEB_APPLICATION'),

  /** The issuer (`iss`) of access and refresh tokens. */
  tokenIssuer: text('TOKEN_ISSUER'),
  /** How long an access token is valid. */
  accessTokenSeconds: count('ACCESS_TOKEN_SECONDS', 15 * 60),
  /** At most 30 days, because a replaced signing key verifies tokens for 31 days. */
  sessionIdleSeconds: count('SESSION_IDLE_SECONDS', 30 * daySeconds, 30 * daySeconds),
  /** How long a session lasts at most, however often its token is refreshed. */
  sessionMaxSeconds: count('SESSION_MAX_SECONDS', 180 * daySeconds),
  /** The most sessions of a customer. A new one replaces the one idle the longest. */
  sessionsPerCustomer: count('SESSIONS_PER_CUSTOMER', 10, 50),
  /** Time in which a used refresh token works again, even if its successor has been used. */
  refreshGraceSeconds: count('REFRESH_GRACE_SECONDS', 30),

  /** Time after a sign-in in which the same client may repeat it and gets the same session. */
  signInRepeatSeconds: count('SIGN_IN_REPEAT_SECONDS', 60, 300),
  /** How long a result is kept for repetitions of a request with an `Idempotency-Key`. */
  idempotencyKeySeconds: count('IDEMPOTENCY_KEY_SECONDS', daySeconds),

  /** How long an OTP is valid. */
  otpSeconds: count('OTP_SECONDS', 300),
  /** How many attempts an OTP allows. */
  attemptsPerOtp: count('OTP_TRIES_PER_CODE', 5),
  /** Wrong attempts at the OTPs of one phone or e-mail address in 24 hours. */
  wrongOtpsPerPhonePerDay: count('OTP_WRONG_TRIES_PER_PHONE_PER_DAY', 15, mostSends),
  /** Wait after the first, second … send of an hour. The last wait repeats. */
  otpCoolDownsSeconds: waits('OTP_COOL_DOWNS_SECONDS', [60, 120, 300]),
  /** OTPs sent to one phone or e-mail address in an hour. */
  otpSendsPerPhonePerHour: count('OTP_SENDS_PER_PHONE_PER_HOUR', 5, mostSends),
  /** OTPs sent to one phone or e-mail address in 24 hours. */
  otpSendsPerPhonePerDay: count('OTP_SENDS_PER_PHONE_PER_DAY', 10, mostSends),
  /** OTPs that one client network, or one customer for e-mails, may request in an hour. */
  otpSendsPerNetworkPerHour: count('OTP_SENDS_PER_ADDRESS_PER_HOUR', 20),
  /** SMS (OTPs and security notices) sent to one country on a day (UTC). */
  otpSendsPerCountryPerDay: count('OTP_SENDS_PER_COUNTRY_PER_DAY', 10_000),
  /** SMS (OTPs and security notices) sent by the stage on a day (UTC). */
  otpSendsPerStagePerDay: count('OTP_SENDS_PER_STAGE_PER_DAY', 20_000),
  /** A prefix is a phone number without its last four digits. Fraud targets a range of numbers. */
  otpSendsPerPrefixPerDay: count('OTP_SENDS_PER_PREFIX_PER_DAY', 500),
  /** Wrong OTPs from one client network, for all phones and e-mail addresses together. */
  wrongOtpsPerNetworkPerHour: count('WRONG_CODES_PER_ADDRESS_PER_HOUR', 100),
  /** Failed logins of one client network, over all accounts. */
  failedLoginsPerNetworkPerHour: count('FAILED_LOGINS_PER_ADDRESS_PER_HOUR', 100),
  /** Failed logins to one account from all networks. Devices with its device token are exempt. */
  failedLoginsPerAccountPerHour: count('FAILED_LOGINS_PER_ACCOUNT_PER_HOUR', 30),
  /** Password sign-ups by one client network. */
  signUpsPerNetworkPerHour: count('SIGN_UPS_PER_ADDRESS_PER_HOUR', 50),
  /** E-mail changes of one customer in 24 hours. */
  emailChangesPerDay: count('EMAIL_CHANGES_PER_DAY', 5, mostCounted),
  /** Lifetime of a device token, which shows that a device belongs to a customer. */
  deviceTokenSeconds: count('DEVICE_TOKEN_SECONDS', 180 * daySeconds),

  /** Memory of a password hash. OWASP's minimum is 19 MiB with two passes, or 46 MiB with one. */
  passwordMemoryKib: count('PASSWORD_MEMORY_KIB', 19_456, 1_048_576),
  /** How many passes a password hash takes. */
  passwordPasses: count('PASSWORD_PASSES', 2, 100),
  /** Failed logins of one client network to an account before waits, which double up to 1 h. */
  loginFailuresBeforeWait: count('LOGIN_FAILURES_BEFORE_WAIT', 10),
  /** Availability checks by one client network: `availability`, and phone-verify without a code. */
  availabilityChecksPerNetworkPerHour: count('AVAILABILITY_CHECKS_PER_ADDRESS_PER_HOUR', 50),
  /** "Already taken" responses of one client network at sign-ups and e-mail changes. */
  takenResponsesPerNetworkPerHour: count('REFUSALS_PER_ADDRESS_PER_HOUR', 300),
  /** Requests to `forgetPassword` by one client network. */
  passwordRequestsPerNetworkPerHour: count('PASSWORD_REQUESTS_PER_ADDRESS_PER_HOUR', 20),
  /** Minimum duration of a password reset request, which hides whether an OTP was sent. */
  passwordRequestMs: count('PASSWORD_REQUEST_MS', 1_000, 10_000),
  /** Time after a login or a reauthentication in which sensitive changes are allowed. */
  freshVerificationSeconds: count('RECENT_PROOF_SECONDS', 600),
  /** Days without use after which an OTP on an unknown device needs a second proof. 0 is never. */
  dormantAfterDays: integer('SECOND_PROOF_AFTER_DAYS', 365, 0),
  /** How long a requested change of a phone waits, so that the owner can cancel it. */
  phoneChangeSeconds: count('PHONE_CHANGE_SECONDS', 3 * daySeconds),
  /** Requests of one customer to change the phone. */
  phoneChangeRequestsPerDay: count('PHONE_CHANGE_REQUESTS_PER_DAY', 3, mostCounted),

  /** The name of the shop in messages. */
  brandName: text('BRAND_NAME', 'Shop'),
  /** Sender of an SMS, in countries that allow one. */
  smsSenderId: optional('SMS_SENDER_ID'),
  /** Apps whose SMS have a line for automatic OTP entry. */
  smsApps: json('SMS_APPS', z.array(SmsApp), []),
  /** The address that sends e-mails. A stage without one sends none. */
  emailSender: emailSender('EMAIL_SENDER'),
  /** The SES configuration set, which reports bounces and complaints. */
  emailConfigurationSet: optional('EMAIL_CONFIGURATION_SET'),
  /** Domain in the last line of an e-mail with an OTP, for automatic code entry. */
  emailCodeDomain: domain('EMAIL_CODE_DOMAIN'),
  /** E-mails (OTPs and security notices) sent by the stage on a day (UTC). */
  emailsPerStagePerDay: count('EMAILS_PER_STAGE_PER_DAY', 10_000),
  /** How long an address gets no e-mail after a permanent bounce or a complaint. */
  suppressedEmailSeconds: count('SUPPRESSED_EMAIL_SECONDS', 90 * daySeconds),
  /** Phones with a fixed OTP for app store review, each valid until the end of a UTC day. */
  testNumbers: testNumbers('TEST_NUMBERS', 'ALLOW_TEST_NUMBERS'),

  /** The URL of the site of the local stack. No other stage has one. */
  localSiteUrl: onlyLocally(optional('LOCAL_SITE_URL'), undefined),
  /** The offset of the local stack's clock. Other stages ignore it. */
  clockOffsetSeconds: onlyLocally(integer('CLOCK_OFFSET_SECONDS', 0), 0),
});

/**
 * Reads every setting once, to find a wrong value early. A missing setting passes, because no
 * function needs all of them.
 * @throws {ConfigurationError}
 */
export function checkSettings(): void {
  for (const name of Object.keys(config) as (keyof typeof config)[]) {
    try {
      config[name];
    } catch (error) {
      if (!(error instanceof MissingSetting)) throw error;
    }
  }
}
