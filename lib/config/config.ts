import * as z from 'zod';
import { ConfigurationError, MissingSetting, makeReaders } from './env.ts';
import { SmsApp, TestNumber } from './smsSettings.ts';

const { text, integer, count, flag, list, json } = makeReaders((variable) => process.env[variable]);

/** Most events in one sliding window, because a DynamoDB expression has at most 4 KB. */
export const mostCounted = 50;
/** Most sends in one window of a phone, because three windows share one expression. */
const mostSends = 24;

/**
 * All settings, each read when it is used, so that importing a module needs no environment.
 * @throws {ConfigurationError} if the variable of a setting is missing or wrong
 */
export const config = {
  /** The stage's name. `local` is the local stack, and `prod` has stricter rules. */
  get stage() {
    return text('STAGE');
  },
  /** The version that getHealth returns. */
  get version() {
    return text('VERSION', 'unknown');
  },
  /** The commit that getHealth returns. */
  get commit() {
    return text('COMMIT', 'unknown');
  },
  /** Name of the stack, which deploy/monitoring.cjs reads metrics from. */
  get metricsNamespace() {
    return `${text('POWERTOOLS_SERVICE_NAME', 'customer-backend')}-${config.stage}`;
  },
  /** The name of the table in DynamoDB. */
  get tableName() {
    return text('TABLE_NAME');
  },
  /** How long one call to the table may take. */
  get tableTimeoutMs() {
    return count('TABLE_TIMEOUT_MS', 4_000);
  },
  /** The AWS region of the stage. */
  get region() {
    return text('AWS_REGION');
  },

  /** SSM path of the stage's secrets, without a trailing slash: `/customer-backend/prod`. */
  get secretsPath() {
    return text('SECRETS_PATH');
  },
  /** The credentials of the function's role. */
  get awsCredentials() {
    const sessionToken = process.env.AWS_SESSION_TOKEN;
    return {
      accessKeyId: text('AWS_ACCESS_KEY_ID'),
      secretAccessKey: text('AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken && { sessionToken }),
    };
  },

  /** Origins that browsers may call from. `*` allows all. */
  get corsOrigins() {
    return list('CORS_ORIGINS');
  },
  /** Request headers that browsers may send, in addition to those of the CORS policy. */
  get corsRequestHeaders() {
    return list('CORS_REQUEST_HEADERS');
  },
  /** Response headers that browsers may read, beside the kit's own. */
  get corsAnswerHeaders() {
    return list('CORS_ANSWER_HEADERS');
  },
  /**
   * Header in which a CDN sends the client's IP address, and the secret that identifies the CDN.
   * Undefined without a CDN.
   */
  get cdn() {
    const [addressHeader, secretHeader] = ['CLIENT_IP_HEADER', 'CLIENT_IP_SECRET_HEADER'].map(headerName);
    const sha256 = process.env.CLIENT_IP_SECRET_SHA256 || undefined;
    if (sha256 && !/^[0-9a-f]{64}$/i.test(sha256)) {
      throw new ConfigurationError('CLIENT_IP_SECRET_SHA256 must be a SHA-256 in hex.');
    }
    if (!addressHeader && !secretHeader && !sha256) return undefined;
    if (!addressHeader || !secretHeader || !sha256 || addressHeader === secretHeader) {
      throw new ConfigurationError(
        'CLIENT_IP_HEADER, CLIENT_IP_SECRET_HEADER and CLIENT_IP_SECRET_SHA256 must be set together, for two headers.',
      );
    }
    return { addressHeader, secretHeader, secretSha256: Buffer.from(sha256, 'hex') };
  },
  /** Whether the stage serves the docs page. */
  get hasDocs() {
    return flag('DOCS', 'true');
  },
  /** The largest JSON body; a larger one is `payload_too_large`. */
  get maxJsonBodyBytes() {
    return count('MAX_JSON_BODY_BYTES', 64 * 1024);
  },

  /** Cache time of countries, regions and other data of operators. 0 disables the cache. */
  get seedCacheSeconds() {
    return integer('SEED_CACHE_SECONDS', 60);
  },

  /** Cache time of secrets. A rotation relies on the maximum (deploy/secrets.ts). */
  get secretsCacheSeconds() {
    const seconds = integer('SECRETS_CACHE_SECONDS', 300);
    if (seconds < 0 || seconds > 300) throw new ConfigurationError('SECRETS_CACHE_SECONDS must be from 0 to 300.');
    return seconds;
  },

  /** How long one attempt to read a secret may take. */
  get secretsTimeoutMs() {
    return count('SECRETS_TIMEOUT_MS', 1_000);
  },
  /**
   * Time for all attempts to read a secret that is not cached. It leaves most of the function's
   * timeout to the request.
   */
  get secretsBudgetMs() {
    return count('SECRETS_BUDGET_MS', 5_000);
  },

  /** Timeout of one of two attempts. After both, the function has time to undo its counters. */
  get snsTimeoutMs() {
    return count('SNS_TIMEOUT_MS', 4_000);
  },
  /** How long an attempt to store or delete an image may take. */
  get s3TimeoutMs() {
    return count('S3_TIMEOUT_MS', 4_000);
  },

  /** The largest image; a form may be a little larger. */
  get maxImageBytes() {
    return count('MAX_IMAGE_BYTES', 4 * 1024 * 1024);
  },
  /** The S3 bucket of uploaded images. */
  get imagesBucket() {
    return text('IMAGES_BUCKET');
  },
  /** URL that serves the images, without a trailing slash. */
  get imagesUrl() {
    return text('IMAGES_URL').replace(/\/$/, '');
  },
  /** Earlier image URLs, in addition to CloudFront's own domains. */
  get formerImagesUrls() {
    return list('IMAGES_FORMER_DOMAINS').map((domain) => `https://${domain}`);
  },

  /** The methods of each path, for the `Allow` header. Packaging sets it. */
  get methodsByResource(): Record<string, string[]> {
    return json('METHODS_BY_RESOURCE', z.record(z.string(), z.array(z.string())), {});
  },

  /** Whether a fine above the balance takes the whole balance. By default, it is rejected. */
  get finesStopAtZero() {
    return flag('WALLET_FINES_STOP_AT_ZERO');
  },

  /** The most addresses that a customer can have. */
  get addressesPerCustomer() {
    return count('ADDRESSES_PER_CUSTOMER', 50);
  },

  /** At most 500, because the list with the longest push tokens must fit into Lambda's 6 MB. */
  get devicesPerCustomer() {
    return count('DEVICES_PER_CUSTOMER', 50, 500);
  },

  /** Lifetime of a notification without an expiry of its own. */
  get notificationSeconds() {
    return count('NOTIFICATION_SECONDS', 90 * 86_400);
  },

  /** The number of parts of a notification for all customers. */
  get broadcastSegments() {
    return count('BROADCAST_SEGMENTS', 32, 1_000);
  },
  /** The SQS queue of the parts of a broadcast. */
  get broadcastQueueUrl() {
    return text('BROADCAST_QUEUE_URL');
  },

  /** ARNs of the SNS platform applications. Undefined for a platform without pushes. */
  get pushApplications() {
    return {
      android: applicationArn('PUSH_ANDROID_APPLICATION', 'GCM'),
      ios: applicationArn('PUSH_IOS_APPLICATION', 'APNS(_SANDBOX)?'),
      web: applicationArn('PUSH_WEB_APPLICATION', 'GCM'),
    };
  },

  /** The issuer (`iss`) of access and refresh tokens. */
  get tokenIssuer() {
    return text('TOKEN_ISSUER');
  },
  /** How long an access token is valid. */
  get accessTokenSeconds() {
    return count('ACCESS_TOKEN_SECONDS', 15 * 60);
  },
  /** At most 30 days, because a replaced signing key verifies tokens for 31 days. */
  get sessionIdleSeconds() {
    return count('SESSION_IDLE_SECONDS', 30 * 86_400, 30 * 86_400);
  },
  /** How long a session lasts at most, however often its token is refreshed. */
  get sessionMaxSeconds() {
    return count('SESSION_MAX_SECONDS', 180 * 86_400);
  },
  /** The most sessions of a customer. A new one replaces the one idle the longest. */
  get sessionsPerCustomer() {
    return count('SESSIONS_PER_CUSTOMER', 10, 50);
  },
  /** Time in which a used refresh token works again, even if its successor has been used. */
  get refreshGraceSeconds() {
    return count('REFRESH_GRACE_SECONDS', 30);
  },

  /** How long an OTP is valid. */
  get otpSeconds() {
    return count('OTP_SECONDS', 300);
  },
  /** How many attempts an OTP allows. */
  get otpTriesPerCode() {
    return count('OTP_TRIES_PER_CODE', 5);
  },
  /** Wrong attempts at the OTPs of one phone in 24 hours. */
  get otpWrongTriesPerPhonePerDay() {
    return count('OTP_WRONG_TRIES_PER_PHONE_PER_DAY', 15, mostSends);
  },
  /** Wait after the first, second … send of an hour. The last wait repeats. */
  get otpCoolDownsSeconds() {
    const seconds = list('OTP_COOL_DOWNS_SECONDS').map(Number);
    if (seconds.length > 10 || !seconds.every((wait) => Number.isInteger(wait) && wait >= 0)) {
      throw new ConfigurationError('OTP_COOL_DOWNS_SECONDS must be up to ten whole numbers with commas between them.');
    }
    return seconds.length > 0 ? seconds : [60, 120, 300];
  },
  /** OTPs sent to one phone in an hour. */
  get otpSendsPerPhonePerHour() {
    return count('OTP_SENDS_PER_PHONE_PER_HOUR', 5, mostSends);
  },
  /** OTPs sent to one phone in 24 hours. */
  get otpSendsPerPhonePerDay() {
    return count('OTP_SENDS_PER_PHONE_PER_DAY', 10, mostSends);
  },
  /** OTPs that one client network may request in an hour, over all phones. */
  get otpSendsPerAddressPerHour() {
    return count('OTP_SENDS_PER_ADDRESS_PER_HOUR', 20);
  },
  /** OTPs sent to all phones of one country on a day (UTC). */
  get otpSendsPerCountryPerDay() {
    return count('OTP_SENDS_PER_COUNTRY_PER_DAY', 10_000);
  },
  /** A prefix is a phone number without its last four digits. Fraud targets a range of numbers. */
  get otpSendsPerPrefixPerDay() {
    return count('OTP_SENDS_PER_PREFIX_PER_DAY', 500);
  },
  /** Wrong OTPs from one client network, for all phones together. */
  get wrongCodesPerAddressPerHour() {
    return count('WRONG_CODES_PER_ADDRESS_PER_HOUR', 100);
  },
  /** Failed logins of one client network, over all accounts. */
  get failedLoginsPerAddressPerHour() {
    return count('FAILED_LOGINS_PER_ADDRESS_PER_HOUR', 100);
  },
  /** Failed logins to one account from all networks. Devices with its device token are exempt. */
  get failedLoginsPerAccountPerHour() {
    return count('FAILED_LOGINS_PER_ACCOUNT_PER_HOUR', 30);
  },
  /** Password sign-ups by one client network. */
  get signUpsPerAddressPerHour() {
    return count('SIGN_UPS_PER_ADDRESS_PER_HOUR', 50);
  },
  /** E-mail changes of one customer in 24 hours. */
  get emailChangesPerDay() {
    return count('EMAIL_CHANGES_PER_DAY', 5, mostCounted);
  },
  /** Lifetime of a device token, which proves that a device belongs to a customer. */
  get deviceTokenSeconds() {
    return count('DEVICE_TOKEN_SECONDS', 180 * 86_400);
  },
  /** OTPs sent by the whole stage on a day (UTC). */
  get otpSendsPerStagePerDay() {
    return count('OTP_SENDS_PER_STAGE_PER_DAY', 20_000);
  },

  /** Memory of a password hash. OWASP's minimum is 19 MiB with two passes, or 46 MiB with one. */
  get passwordMemoryKib() {
    return count('PASSWORD_MEMORY_KIB', 19_456, 1_048_576);
  },
  /** How many passes a password hash takes. */
  get passwordPasses() {
    return count('PASSWORD_PASSES', 2, 100);
  },
  /**
   * Failed logins to an account from one client network without a wait. After that, the wait
   * doubles from 1 s to 1 h.
   */
  get loginFailuresBeforeWait() {
    return count('LOGIN_FAILURES_BEFORE_WAIT', 10);
  },
  /** Requests to `availability` by one client network. */
  get availabilityChecksPerAddressPerHour() {
    return count('AVAILABILITY_CHECKS_PER_ADDRESS_PER_HOUR', 50);
  },
  /** "Already taken" responses of one client network at sign-ups and e-mail changes. */
  get refusalsPerAddressPerHour() {
    return count('REFUSALS_PER_ADDRESS_PER_HOUR', 300);
  },
  /** Requests to `forgetPassword` by one client network. */
  get passwordRequestsPerAddressPerHour() {
    return count('PASSWORD_REQUESTS_PER_ADDRESS_PER_HOUR', 20);
  },
  /** Minimum duration of a password reset request, which hides whether an OTP was sent. */
  get passwordRequestMs() {
    return count('PASSWORD_REQUEST_MS', 1_000, 10_000);
  },
  /** Time after a login or a reauthentication in which sensitive changes are allowed. */
  get recentProofSeconds() {
    return count('RECENT_PROOF_SECONDS', 600);
  },

  /** The name of the shop in messages. */
  get brandName() {
    return text('BRAND_NAME', 'Shop');
  },
  /** Sender of an SMS, in countries that allow one. */
  get smsSenderId() {
    return process.env.SMS_SENDER_ID || undefined;
  },
  /** Apps whose SMS have a line for automatic OTP entry. */
  get smsApps(): SmsApp[] {
    return json('SMS_APPS', z.array(SmsApp), []);
  },
  /** Phones with a fixed OTP for app store review, each valid until the end of a UTC day. */
  get testNumbers(): TestNumber[] {
    const numbers = json('TEST_NUMBERS', z.array(TestNumber), []);
    if (numbers.length > 0 && config.stage === 'prod' && !flag('ALLOW_TEST_NUMBERS')) {
      throw new ConfigurationError('TEST_NUMBERS is set in prod without ALLOW_TEST_NUMBERS=true.');
    }
    return numbers;
  },

  /** The URL of the site of the local stack. No other stage has one. */
  get localSiteUrl() {
    return config.stage === 'local' ? process.env.LOCAL_SITE_URL || undefined : undefined;
  },
  /** The offset of the local stack's clock. Other stages ignore it. */
  get clockOffsetSeconds() {
    return config.stage === 'local' ? integer('CLOCK_OFFSET_SECONDS', 0) : 0;
  },
};

export type SignedService = 'ssm' | 'sns' | 's3';

/** Domains of the AWS partitions, by the prefix of their regions. */
const domains = { 'cn-': 'amazonaws.com.cn', 'eusc-': 'amazonaws.eu' };

/** Returns the URL of an AWS service. The local stack overrides it with the SDK's variables. */
export function findServiceUrl(service: SignedService): string {
  const [, domain] = Object.entries(domains).find(([start]) => config.region.startsWith(start)) ?? [];
  const forAll = text('AWS_ENDPOINT_URL', `https://${service}.${config.region}.${domain ?? 'amazonaws.com'}`);
  return text(`AWS_ENDPOINT_URL_${service.toUpperCase()}`, forAll).replace(/\/$/, '');
}

/** Returns the header name in lower case, because functions receive headers so. */
function headerName(variable: string): string | undefined {
  const name = process.env[variable]?.toLowerCase() || undefined;
  if (name && !/^[a-z0-9-]{1,100}$/.test(name)) {
    throw new ConfigurationError(`${variable} must be the name of a header.`);
  }
  return name;
}

function applicationArn(variable: string, platform: string): string | undefined {
  const arn = process.env[variable] || undefined;
  if (arn && !new RegExp(`^arn:[\\w-]+:sns:[\\w-]+:\\d{12}:app/${platform}/[\\w.-]+$`).test(arn)) {
    throw new ConfigurationError(`${variable} must be the ARN of an SNS platform application for ${platform}.`);
  }
  return arn;
}

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
