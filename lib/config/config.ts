import * as z from 'zod';
import { ConfigurationError, MissingSetting, makeReaders } from './env.ts';
import { SmsApp, TestNumber } from './smsSettings.ts';

const { text, integer, count, flag, list, json } = makeReaders((variable) => process.env[variable]);

/**
 * A sliding window keeps this many events in one item: more would not fit into DynamoDB's 4 KB of
 * expression.
 */
export const mostCounted = 50;
/** The sends of a phone are in three windows of one expression. */
const mostSends = 24;

/**
 * Every setting, read when it is used, so that importing a module needs no environment.
 * Units are in the names. Defaults are the contract's numbers; README lists the variables.
 * @throws {ConfigurationError} when the variable behind a setting is missing or wrong.
 */
export const config = {
  get stage() {
    return text('STAGE');
  },
  get version() {
    return text('VERSION', 'unknown');
  },
  get commit() {
    return text('COMMIT', 'unknown');
  },
  /** The stack's name, which deploy/monitoring.cjs reads metrics from. */
  get metricsNamespace() {
    return `${text('POWERTOOLS_SERVICE_NAME', 'customer-backend')}-${config.stage}`;
  },
  get tableName() {
    return text('TABLE_NAME');
  },
  /** How long one call to the table may take. */
  get tableTimeoutMs() {
    return count('TABLE_TIMEOUT_MS', 4_000);
  },
  get region() {
    return text('AWS_REGION');
  },

  /** Where this stage's secrets are in SSM, without a trailing slash: `/customer-backend/prod`. */
  get secretsPath() {
    return text('SECRETS_PATH');
  },
  get awsCredentials() {
    const sessionToken = process.env.AWS_SESSION_TOKEN;
    return {
      accessKeyId: text('AWS_ACCESS_KEY_ID'),
      secretAccessKey: text('AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken && { sessionToken }),
    };
  },

  /** Origins that browsers may call from; empty means none, `*` means all. */
  get corsOrigins() {
    return list('CORS_ORIGINS');
  },
  /** Headers that browsers may send, and those that they may see, beside the kit's own. */
  get corsRequestHeaders() {
    return list('CORS_REQUEST_HEADERS');
  },
  get corsAnswerHeaders() {
    return list('CORS_ANSWER_HEADERS');
  },
  /**
   * The header in which a CDN in front writes the client's address, and the secret that shows its
   * requests; undefined without one.
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
  /** Whether this stage serves the docs page. */
  get hasDocs() {
    return flag('DOCS', 'true');
  },
  get maxJsonBodyBytes() {
    return count('MAX_JSON_BODY_BYTES', 64 * 1024);
  },

  /** How long a function keeps what operators load: countries, regions. Nothing is kept with 0. */
  get seedCacheSeconds() {
    return integer('SEED_CACHE_SECONDS', 60);
  },

  /**
   * How long a function keeps secrets: a rotation is seen within that time, and counts on it
   * (deploy/secrets.ts).
   */
  get secretsCacheSeconds() {
    const seconds = integer('SECRETS_CACHE_SECONDS', 300);
    if (seconds < 0 || seconds > 300) throw new ConfigurationError('SECRETS_CACHE_SECONDS must be from 0 to 300.');
    return seconds;
  },

  /** How long each attempt to read a secret may take. */
  get secretsTimeoutMs() {
    return count('SECRETS_TIMEOUT_MS', 1_000);
  },
  /**
   * How long a function that has no secret yet waits for SSM, with all attempts. It leaves most of
   * the function's timeout to the request.
   */
  get secretsBudgetMs() {
    return count('SECRETS_BUDGET_MS', 5_000);
  },

  /**
   * How long each of two attempts may take. After both, the function still has time to undo its
   * counters.
   */
  get snsTimeoutMs() {
    return count('SNS_TIMEOUT_MS', 4_000);
  },
  get s3TimeoutMs() {
    return count('S3_TIMEOUT_MS', 4_000);
  },

  get maxImageBytes() {
    return count('MAX_IMAGE_BYTES', 4 * 1024 * 1024);
  },
  get imagesBucket() {
    return text('IMAGES_BUCKET');
  },
  /** Where the images of the bucket are served, without a trailing slash. */
  get imagesUrl() {
    return text('IMAGES_URL').replace(/\/$/, '');
  },
  /** Where they were served before, beside CloudFront's own domains. */
  get formerImagesUrls() {
    return list('IMAGES_FORMER_DOMAINS').map((domain) => `https://${domain}`);
  },

  /** The methods of each path, for the `Allow` header of a wrong one. */
  get methodsByResource(): Record<string, string[]> {
    return json('METHODS_BY_RESOURCE', z.record(z.string(), z.array(z.string())), {});
  },

  /**
   * Whether a fine that is higher than the balance takes what there is, instead of being refused.
   */
  get finesStopAtZero() {
    return flag('WALLET_FINES_STOP_AT_ZERO');
  },

  get addressesPerCustomer() {
    return count('ADDRESSES_PER_CUSTOMER', 50);
  },

  /** A list of them has to fit into Lambda's 6 MB, whatever their push tokens are. */
  get devicesPerCustomer() {
    return count('DEVICES_PER_CUSTOMER', 50, 500);
  },

  /** How long a notification stays in an inbox, unless it is sent with a time of its own. */
  get notificationSeconds() {
    return count('NOTIFICATION_SECONDS', 90 * 86_400);
  },

  /** Into how many parts a notification for all customers is cut, to be worked on side by side. */
  get broadcastSegments() {
    return count('BROADCAST_SEGMENTS', 32, 1_000);
  },
  get broadcastQueueUrl() {
    return text('BROADCAST_QUEUE_URL');
  },

  /**
   * The ARNs of the SNS platform applications that pushes go through; undefined where a platform
   * has none.
   */
  get pushApplications() {
    return {
      android: applicationArn('PUSH_ANDROID_APPLICATION', 'GCM'),
      ios: applicationArn('PUSH_IOS_APPLICATION', 'APNS(_SANDBOX)?'),
      web: applicationArn('PUSH_WEB_APPLICATION', 'GCM'),
    };
  },

  get tokenIssuer() {
    return text('TOKEN_ISSUER');
  },
  get accessTokenSeconds() {
    return count('ACCESS_TOKEN_SECONDS', 15 * 60);
  },
  /** At most 30 days: a signing key that was replaced is known for 31. */
  get sessionIdleSeconds() {
    return count('SESSION_IDLE_SECONDS', 30 * 86_400, 30 * 86_400);
  },
  get sessionMaxSeconds() {
    return count('SESSION_MAX_SECONDS', 180 * 86_400);
  },
  get sessionsPerCustomer() {
    return count('SESSIONS_PER_CUSTOMER', 10, 50);
  },
  /**
   * How long a refresh token is honoured after its first use even when its successor has been used.
   */
  get refreshGraceSeconds() {
    return count('REFRESH_GRACE_SECONDS', 30);
  },

  get otpSeconds() {
    return count('OTP_SECONDS', 300);
  },
  get otpTriesPerCode() {
    return count('OTP_TRIES_PER_CODE', 5);
  },
  get otpWrongTriesPerPhonePerDay() {
    return count('OTP_WRONG_TRIES_PER_PHONE_PER_DAY', 15, mostSends);
  },
  /** The wait after the first, second … send of an hour; the last one holds for all that follow. */
  get otpCoolDownsSeconds() {
    const seconds = list('OTP_COOL_DOWNS_SECONDS').map(Number);
    if (seconds.length > 10 || !seconds.every((wait) => Number.isInteger(wait) && wait >= 0)) {
      throw new ConfigurationError('OTP_COOL_DOWNS_SECONDS must be up to ten whole numbers with commas between them.');
    }
    return seconds.length > 0 ? seconds : [60, 120, 300];
  },
  get otpSendsPerPhonePerHour() {
    return count('OTP_SENDS_PER_PHONE_PER_HOUR', 5, mostSends);
  },
  get otpSendsPerPhonePerDay() {
    return count('OTP_SENDS_PER_PHONE_PER_DAY', 10, mostSends);
  },
  get otpSendsPerAddressPerHour() {
    return count('OTP_SENDS_PER_ADDRESS_PER_HOUR', 20);
  },
  get otpSendsPerCountryPerDay() {
    return count('OTP_SENDS_PER_COUNTRY_PER_DAY', 10_000);
  },
  /**
   * A prefix is a number without its last four digits: fraud calls ranges of numbers that a partner
   * owns.
   */
  get otpSendsPerPrefixPerDay() {
    return count('OTP_SENDS_PER_PREFIX_PER_DAY', 500);
  },
  /** Attempts at codes by one client network, over all phones. A right one does not count. */
  get wrongCodesPerAddressPerHour() {
    return count('WRONG_CODES_PER_ADDRESS_PER_HOUR', 100);
  },
  /** Failed logins by one client network, over all accounts. */
  get failedLoginsPerAddressPerHour() {
    return count('FAILED_LOGINS_PER_ADDRESS_PER_HOUR', 100);
  },
  /**
   * Failed logins to one account from all networks together. Devices with a device token of the
   * account are exempt.
   */
  get failedLoginsPerAccountPerHour() {
    return count('FAILED_LOGINS_PER_ACCOUNT_PER_HOUR', 30);
  },
  get signUpsPerAddressPerHour() {
    return count('SIGN_UPS_PER_ADDRESS_PER_HOUR', 50);
  },
  get emailChangesPerDay() {
    return count('EMAIL_CHANGES_PER_DAY', 5, mostCounted);
  },
  /** How long a device token shows that a device is its owner's. */
  get deviceTokenSeconds() {
    return count('DEVICE_TOKEN_SECONDS', 180 * 86_400);
  },
  get otpSendsPerStagePerDay() {
    return count('OTP_SENDS_PER_STAGE_PER_DAY', 20_000);
  },

  /** What a password costs to hash, and so to guess. OWASP's least: 19 MiB twice, 46 MiB once. */
  get passwordMemoryKib() {
    return count('PASSWORD_MEMORY_KIB', 19_456, 1_048_576);
  },
  get passwordPasses() {
    return count('PASSWORD_PASSES', 2, 100);
  },
  /**
   * How many failed logins to an account from one client address are free; waits double from 1 s to
   * 1 h after that.
   */
  get loginFailuresBeforeWait() {
    return count('LOGIN_FAILURES_BEFORE_WAIT', 10);
  },
  get availabilityChecksPerAddressPerHour() {
    return count('AVAILABILITY_CHECKS_PER_ADDRESS_PER_HOUR', 50);
  },
  /** How often a sign-up may be told that its e-mail address or phone is taken. */
  get refusalsPerAddressPerHour() {
    return count('REFUSALS_PER_ADDRESS_PER_HOUR', 300);
  },
  get passwordRequestsPerAddressPerHour() {
    return count('PASSWORD_REQUESTS_PER_ADDRESS_PER_HOUR', 20);
  },
  /**
   * How long a request for a code takes at least, so that nobody can tell by it whether one was
   * sent.
   */
  get passwordRequestMs() {
    return count('PASSWORD_REQUEST_MS', 1_000, 10_000);
  },
  /** For how long a phone counts as proven by a code. */
  get recentProofSeconds() {
    return count('RECENT_PROOF_SECONDS', 600);
  },

  /** The shop's name in messages. */
  get brandName() {
    return text('BRAND_NAME', 'Shop');
  },
  /** What phones show as the sender, where the country allows one. */
  get smsSenderId() {
    return process.env.SMS_SENDER_ID || undefined;
  },
  /** Apps whose messages carry a line for automatic code entry. */
  get smsApps(): SmsApp[] {
    return json('SMS_APPS', z.array(SmsApp), []);
  },
  /** Numbers with a fixed code for app store review, each until the end of a day (UTC). */
  get testNumbers(): TestNumber[] {
    const numbers = json('TEST_NUMBERS', z.array(TestNumber), []);
    if (numbers.length > 0 && config.stage === 'prod' && !flag('ALLOW_TEST_NUMBERS')) {
      throw new ConfigurationError('TEST_NUMBERS is set in prod without ALLOW_TEST_NUMBERS=true.');
    }
    return numbers;
  },

  /** Where the local stack has its site; undefined in every other stage. */
  get localSiteUrl() {
    return config.stage === 'local' ? process.env.LOCAL_SITE_URL || undefined : undefined;
  },
  /** How far the stack's clock has been moved. Real time everywhere but in the stage `local`. */
  get clockOffsetSeconds() {
    return config.stage === 'local' ? integer('CLOCK_OFFSET_SECONDS', 0) : 0;
  },
};

/** Those that are asked without the SDK's clients. */
export type SignedService = 'ssm' | 'sns' | 's3';

/** Domains of the partitions of AWS, by how their regions begin. */
const domains = { 'cn-': 'amazonaws.com.cn', 'eusc-': 'amazonaws.eu' };

/**
 * Where a service of AWS is; the SDK's own variables name another place, and the local stack sets
 * them.
 */
export function findServiceUrl(service: SignedService): string {
  const [, domain] = Object.entries(domains).find(([start]) => config.region.startsWith(start)) ?? [];
  const forAll = text('AWS_ENDPOINT_URL', `https://${service}.${config.region}.${domain ?? 'amazonaws.com'}`);
  return text(`AWS_ENDPOINT_URL_${service.toUpperCase()}`, forAll).replace(/\/$/, '');
}

/** In lower case, as functions get headers. */
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
 * Reads every setting once, to find a wrong one before it is needed. Missing ones pass: no function
 * needs them all.
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
