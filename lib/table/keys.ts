import { createHash } from 'node:crypto';

/**
 * The single table, item by item.
 *
 * A customer's data are in one partition, and its id comes from the access token. Unique claims,
 * idempotency records and limits have partitions of their own. A unique claim is an item that makes
 * a phone, an e-mail or a push token unique. It is written in the same transaction as its owner. A
 * limit that counts by the clock appends `#<hour>` to its sort key. The log of operators outlives
 * customers, so its entries are in partitions of their own.
 *
 * pk                       sk                      item: read to
 * ------------------------ ----------------------- --------------------------------------------
 * CUSTOMER#<id>            PROFILE                 customer: authenticate, show
 * CUSTOMER#<id>            PASSWORD                password hash: log in
 * CUSTOMER#<id>            PENDING_EMAIL           e-mail that waits for its OTP: verify it
 * CUSTOMER#<id>            WALLET                  wallet: show
 * CUSTOMER#<id>            ENTRY#<ms>-<entry id>   wallet entry: list, audit
 * CUSTOMER#<id>            ENTRY_KEY#<key hash>    second copy of a wallet idempotency record
 * CUSTOMER#<id>            SESSION#<session id>    session: authenticate, refresh
 * CUSTOMER#<id>            DEVICE#<token hash>     device: push
 * CUSTOMER#<id>            ERASURE                 erasure in progress: finish it
 * CUSTOMER#<id>            ADDRESS#<address id>    address: list, check the primary one
 * CUSTOMER#<id>            NEW_ADDRESS#<hash>      idempotency record of a new address
 * CUSTOMER#<id>            IDEMPOTENCY#<key hash>  idempotency record of a request with a key
 * CUSTOMER#<id>            NOTIFICATION#<place>    notification: list
 * CUSTOMER#<id>            NOTIFICATION_ID#<id>    its location: find it by id, create it once
 * CUSTOMER#<id>            UNREAD#<reading>-<id>   unread notification: count
 * CUSTOMER#<id>            CLEARING                "delete all" in progress: purge the inbox
 * CUSTOMER#<id>            PUSH#<notification id>  push lease: push to each device once
 * PHONE#<E.164>            CLAIM                   unique claim: find the customer of a phone
 * PHONE#<E.164>            SIGN_UPS                sign-ups of early builds: find the first one
 * EMAIL#<lower case>       CLAIM                   unique claim: find the customer of an e-mail
 * EMAIL#<lower case>       LOST                    lost e-mail: lets its former owner log in
 * OTP#<address hash>       OTP                     OTPs: send, verify, limit, repeat a sign-in
 * OTP#<address hash>       NETWORK#<network>       limit: sends and attempts of one network
 * OTP#<address hash>       NOTICES                 limit: messages about account changes
 * OTP#<address hash>       SUPPRESSED              e-mail that bounced or complained: send nothing
 * PUSH_TOKEN#<token hash>  CLAIM                   unique claim: find the owner of a device
 * PUSH_TOKEN#<token hash>  ENDPOINT                push endpoint: push, enable, disable
 * WALLET_KEY#<key hash>    CLAIM                   idempotency record of a wallet adjustment
 * BROADCAST#<key hash>     BROADCAST               broadcast: notify many, once for each key
 * BROADCAST#<key hash>     PART#<number>           part of a broadcast: continue after a stop
 * CLIENT#<network>         SENDS                   limit: OTP sends of one network
 * CLIENT#<network>         <kind of call>          limit: other calls of one network
 * LIMIT#<customer id>      <kind of change>        limit: changes of the e-mail or phone
 * LOGIN#<hash>             FAILURES                failed logins from one network: wait
 * LOGIN#<hash>             ATTEMPTS#<hour>         limit: failed logins from all networks
 * SENDS#<country>          <UTC date>              cap: OTP sends to a country
 * SENDS#<phone prefix>     <UTC date>              cap: OTP sends to a range of numbers
 * SENDS#STAGE              <UTC date>              cap: OTP sends of the stage
 * SENDS#EMAIL              <UTC date>              cap: e-mails of the stage
 * OPERATOR_LOG             OPERATION#<ms>-<id>     change that an operator made: audit
 * OPERATOR_LOG#<customer>  OPERATION#<ms>-<id>     change to one customer: audit
 * COUNTRIES                <ISO 3166-1 alpha-2>    country: list, check a phone number
 * SETTINGS                 PUBLIC                  public settings: show, choose the login
 * COMMON_PASSWORDS         <hash prefix>           common passwords: reject them
 * COMMON_PASSWORD_SOURCE   LOADED                  version of the loaded lists: skip a reload
 * CONTENT                  APP                     content of apps: show
 * CONTENT                  FAQS                    FAQs: list
 * REGIONS                  IN_FORCE                current version of the regions
 * REGIONS                  VERSION#<version>       version of the regions: delete old ones
 * REGIONS#<version>        REGION#<code>           region: compare with a new file
 * REGIONS#<version>        CELL#<path>             cell of the map: find the region of a point
 * PHONE_CHANGES            <second>-<customer id>  waiting change of a phone: apply when it is due
 * PUBLIC_KEYS              PUBLISHED               public keys: verify tokens
 */
export interface Key {
  pk: string;
  sk: string;
}

export const sessionPrefix = 'SESSION#';
export const devicePrefix = 'DEVICE#';
export const addressPrefix = 'ADDRESS#';
export const entryPrefix = 'ENTRY#';
export const entryRecordPrefix = 'ENTRY_KEY#';

export const customerPartition = (customerId: number) => `CUSTOMER#${customerId}`;
export const readCustomerId = (partition: string) => Number(partition.slice(customerPartition(0).length - 1));
export const profileKey = (customerId: number): Key => ({ pk: customerPartition(customerId), sk: 'PROFILE' });
export const passwordKey = (customerId: number): Key => ({ pk: customerPartition(customerId), sk: 'PASSWORD' });
export const erasureKey = (customerId: number): Key => ({ pk: customerPartition(customerId), sk: 'ERASURE' });
export const pendingEmailKey = (customerId: number): Key => ({
  pk: customerPartition(customerId),
  sk: 'PENDING_EMAIL',
});
export const walletKey = (customerId: number): Key => ({ pk: customerPartition(customerId), sk: 'WALLET' });
export const entryKey = (customerId: number, { createdAtMs, id }: { createdAtMs: number; id: number }): Key => ({
  pk: customerPartition(customerId),
  sk: `${entryPrefix}${inOrder(createdAtMs, 15)}-${id}`,
});
export const hashKey = (idempotencyKey: string) => hash(idempotencyKey);
export const walletRecordKey = (keyHash: string): Key => ({ pk: `WALLET_KEY#${keyHash}`, sk: 'CLAIM' });
export const entryRecordKey = (customerId: number, keyHash: string): Key => ({
  pk: customerPartition(customerId),
  sk: `${entryRecordPrefix}${keyHash}`,
});
export const sessionKey = (customerId: number, sessionId: number): Key => ({
  pk: customerPartition(customerId),
  sk: `${sessionPrefix}${sessionId}`,
});
export const deviceKey = (customerId: number, registrationId: string): Key => ({
  pk: customerPartition(customerId),
  sk: `${devicePrefix}${hash(registrationId)}`,
});

export const addressKey = (customerId: number, addressId: number): Key => ({
  pk: customerPartition(customerId),
  sk: `${addressPrefix}${addressId}`,
});
export const addressCreationKey = (customerId: number, requestHash: string): Key => ({
  pk: customerPartition(customerId),
  sk: `NEW_ADDRESS#${requestHash}`,
});

export const idempotencyKey = (customerId: number, keyHash: string): Key => ({
  pk: customerPartition(customerId),
  sk: `IDEMPOTENCY#${keyHash}`,
});

/** Position of a notification in its inbox: the number of "delete all" before it, then its time. */
export interface NotificationLocation {
  clearing: number;
  createdAtMs: number;
  id: number;
}
export const notificationPrefix = 'NOTIFICATION#';
const notificationIdPrefix = 'NOTIFICATION_ID#';
export const unreadPrefix = 'UNREAD#';
export const clearingPrefix = (clearing: number) => `${notificationPrefix}${inOrder(clearing, 8)}-`;
export const readingPrefix = (reading: number) => `${unreadPrefix}${inOrder(reading, 8)}-`;
export const notificationKey = (customerId: number, { clearing, createdAtMs, id }: NotificationLocation): Key => ({
  pk: customerPartition(customerId),
  sk: `${clearingPrefix(clearing)}${inOrder(createdAtMs, 15)}-${id}`,
});
export const notificationIdKey = (customerId: number, id: number): Key => ({
  pk: customerPartition(customerId),
  sk: `${notificationIdPrefix}${id}`,
});
export const unreadKey = (customerId: number, { reading, id }: { reading: number; id: number }): Key => ({
  pk: customerPartition(customerId),
  sk: `${readingPrefix(reading)}${id}`,
});
const pushPrefix = 'PUSH#';
export const pushKey = (customerId: number, notificationId: number): Key => ({
  pk: customerPartition(customerId),
  sk: `${pushPrefix}${notificationId}`,
});
export const clearingKey = (customerId: number): Key => ({ pk: customerPartition(customerId), sk: 'CLEARING' });

export const phoneClaimKey = (phone: string): Key => ({ pk: `PHONE#${phone}`, sk: 'CLAIM' });
export const formerSignUpsKey = (phone: string): Key => ({ pk: phoneClaimKey(phone).pk, sk: 'SIGN_UPS' });
export const emailClaimKey = (email: string): Key => ({ pk: `EMAIL#${email}`, sk: 'CLAIM' });
export const lostEmailKey = (email: string): Key => ({ pk: emailClaimKey(email).pk, sk: 'LOST' });
/**
 * The phone or e-mail address is hashed, because limits outlive a deleted customer by up to a day.
 */
export const otpKey = (address: string): Key => ({ pk: `OTP#${hash(address)}`, sk: 'OTP' });
export const otpNetworkPrefix = 'NETWORK#';
export const otpNetworkKey = (address: string, network: string): Key => ({
  pk: otpKey(address).pk,
  sk: `${otpNetworkPrefix}${network}`,
});
/** Keyed by address, because a customer could reset the limit by deleting the account. */
export const noticesKey = (address: string): Key => ({ pk: otpKey(address).pk, sk: 'NOTICES' });
export const suppressedEmailKey = (email: string): Key => ({ pk: otpKey(email).pk, sk: 'SUPPRESSED' });
export const pushTokenClaimKey = (registrationId: string): Key => ({
  pk: `PUSH_TOKEN#${hash(registrationId)}`,
  sk: 'CLAIM',
});
export const pushEndpointKey = (registrationId: string): Key => ({
  pk: pushTokenClaimKey(registrationId).pk,
  sk: 'ENDPOINT',
});

export const broadcastPartPrefix = 'PART#';
export const broadcastKey = (idempotencyKey: string): Key => ({
  pk: `BROADCAST#${hash(idempotencyKey)}`,
  sk: 'BROADCAST',
});
export const broadcastPartKey = (idempotencyKey: string, number: number): Key => ({
  pk: broadcastKey(idempotencyKey).pk,
  sk: `${broadcastPartPrefix}${inOrder(number, 4)}`,
});

export const clientCallsKey = (network: string, kind: string): Key => ({ pk: `CLIENT#${network}`, sk: kind });
export const customerLimitKey = (customerId: number, kind: string): Key => ({ pk: `LIMIT#${customerId}`, sk: kind });
export const loginFailuresKey = (identifier: string, network: string): Key => ({
  pk: `LOGIN#${hash(`${identifier} ${network}`)}`,
  sk: 'FAILURES',
});
export const loginAttemptsKey = (identifier: string): Key => ({ pk: `LOGIN#${hash(identifier)}`, sk: 'ATTEMPTS' });
export const countrySendsKey = (country: string, date: string): Key => ({ pk: `SENDS#${country}`, sk: date });
export const prefixSendsKey = (phone: string, date: string): Key => ({
  pk: `SENDS#${phone.slice(0, -4)}`,
  sk: date,
});
export const stageSendsKey = (date: string): Key => ({ pk: 'SENDS#STAGE', sk: date });
export const emailSendsKey = (date: string): Key => ({ pk: 'SENDS#EMAIL', sk: date });

/** Functions may neither change nor delete items of partitions that start with this. */
export const operatorLogPartition = 'OPERATOR_LOG';
export const operatorLogPartitionOf = (customerId: number | undefined) =>
  customerId === undefined ? operatorLogPartition : `${operatorLogPartition}#${customerId}`;
export const operationPrefix = 'OPERATION#';
export const operationSortKey = ({ createdAtMs, id }: { createdAtMs: number; id: number }) =>
  `${operationPrefix}${inOrder(createdAtMs, 15)}-${id}`;

export const countriesPartition = 'COUNTRIES';
export const countryKey = (code: string): Key => ({ pk: countriesPartition, sk: code });

export const publicSettingsKey: Key = { pk: 'SETTINGS', sk: 'PUBLIC' };

/** All waiting changes of phones, in the order in which they take effect. */
export const duePhoneChangesPartition = 'PHONE_CHANGES';
export const dueUntilSortKey = (seconds: number) => `${inOrder(seconds, 12)}-\uffff`;
export const duePhoneChangeKey = (effectiveAtSeconds: number, customerId: number): Key => ({
  pk: duePhoneChangesPartition,
  sk: `${inOrder(effectiveAtSeconds, 12)}-${customerId}`,
});

export const commonPasswordsKey = (bucket: string): Key => ({ pk: 'COMMON_PASSWORDS', sk: bucket });
export const commonPasswordSourceKey: Key = { pk: 'COMMON_PASSWORD_SOURCE', sk: 'LOADED' };

export const appContentKey: Key = { pk: 'CONTENT', sk: 'APP' };
export const faqsKey: Key = { pk: 'CONTENT', sk: 'FAQS' };

export const regionVersionsPartition = 'REGIONS';
export const regionVersionPrefix = 'VERSION#';
export const regionsInForceKey: Key = { pk: regionVersionsPartition, sk: 'IN_FORCE' };
export const regionVersionKey = (version: number): Key => ({
  pk: regionVersionsPartition,
  sk: `${regionVersionPrefix}${version}`,
});
export const regionPrefix = 'REGION#';
export const cellPrefix = 'CELL#';
export const versionPartition = (version: number) => `REGIONS#${version}`;
export const regionKey = (version: number, code: string): Key => ({
  pk: versionPartition(version),
  sk: `${regionPrefix}${code}`,
});
export const cellKey = (version: number, path: string): Key => ({
  pk: versionPartition(version),
  sk: `${cellPrefix}${path}`,
});

export const publicKeysKey: Key = { pk: 'PUBLIC_KEYS', sk: 'PUBLISHED' };

/** Pads with zeros, so that sort keys have the order of their numbers. */
function inOrder(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}

/**
 * Hashes a value that may not fit into a key. A sort key has at most 1,024 bytes, but a push token
 * has up to 4,096 characters.
 */
function hash(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}
