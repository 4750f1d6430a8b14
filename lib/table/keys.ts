import { createHash } from 'node:crypto';

/**
 * The table, item by item. Everything a customer owns is in one partition whose id comes from the access token; a claim
 * is an item that exists once a phone or push token, written in the same transaction as its owner.
 *
 * | item               | pk                        | sk                     | read to                                 |
 * | ------------------ | ------------------------- | ---------------------- | --------------------------------------- |
 * | customer           | CUSTOMER#<id>             | PROFILE                | authenticate, show                      |
 * | password           | CUSTOMER#<id>             | PASSWORD               | check at login                          |
 * | wallet             | CUSTOMER#<id>             | WALLET                 | show                                    |
 * | wallet entry       | CUSTOMER#<id>             | ENTRY#<ms>-<entry id>  | list, verify                            |
 * | key of an entry    | CUSTOMER#<id>             | ENTRY_KEY#<key hash>   | book once without the claim, verify     |
 * | session            | CUSTOMER#<id>             | SESSION#<session id>   | authenticate, refresh                   |
 * | device             | CUSTOMER#<id>             | DEVICE#<token hash>    | push                                    |
 * | erasure under way  | CUSTOMER#<id>             | ERASURE                | finish an erasure                       |
 * | address            | CUSTOMER#<id>             | ADDRESS#<address id>   | list, check the primary one             |
 * | creation of one    | CUSTOMER#<id>             | NEW_ADDRESS#<hash>     | create it once for a repeated request   |
 * | notification       | CUSTOMER#<id>             | NOTIFICATION#<place>   | list                                    |
 * | place of one       | CUSTOMER#<id>             | NOTIFICATION_ID#<id>   | find by its id, make it only once       |
 * | one is unread      | CUSTOMER#<id>             | UNREAD#<reading>-<id>  | count                                   |
 * | inbox was cleared  | CUSTOMER#<id>             | CLEARING               | delete what was in it                   |
 * | pushes of one      | CUSTOMER#<id>             | PUSH#<notification id> | push to each device only once           |
 * | phone claim        | PHONE#<E.164>             | CLAIM                  | find the customer of a phone            |
 * | unproven phone     | PHONE#<E.164>             | SIGN_UPS               | find who signed up with it              |
 * | e-mail claim       | EMAIL#<lower case>        | CLAIM                  | keep e-mails unique                     |
 * | lost e-mail        | EMAIL#<lower case>        | LOST                   | let who lost it log in with it          |
 * | one-time codes     | OTP#<phone hash>          | OTP                    | send and try codes, count both          |
 * | phone of a network | OTP#<phone hash>          | NETWORK#<network>      | limit a network's sends and attempts    |
 * | test number        | OTP#<phone hash>          | ATTEMPTS#<date in UTC> | limit all attempts at a test number     |
 * | notices to one     | OTP#<phone hash>          | NOTICES                | limit SMS about changes of an account   |
 * | push token claim   | PUSH_TOKEN#<token hash>   | CLAIM                  | find the owner of a device              |
 * | SNS endpoint       | PUSH_TOKEN#<token hash>   | ENDPOINT               | push, enable and disable                |
 * | wallet key claim   | WALLET_KEY#<key hash>     | CLAIM                  | do what an operator asks for only once  |
 * | broadcast          | BROADCAST#<key hash>      | BROADCAST              | notify many, once for each key          |
 * | part of one        | BROADCAST#<key hash>      | PART#<number>          | go on where it was left                 |
 * | sends of a client  | CLIENT#<network>          | SENDS                  | limit sends per client address          |
 * | other calls of one | CLIENT#<network>          | <what is limited>      | limit them per client address           |
 * | limit of one       | LIMIT#<customer id>       | <what is limited>      | limit changes of an e-mail address      |
 * | failed logins      | LOGIN#<hash>              | FAILURES               | make a guesser wait                     |
 * | of one account     | LOGIN#<hash>              | ATTEMPTS#<hour>        | limit them over all networks            |
 * | sends of a day     | SENDS#<country, prefix of a number, or STAGE> | <date in UTC>          | cap a country and the stage             |
 * | country            | COUNTRIES                 | <ISO 3166-1 alpha-2>   | list, check that a phone may be used    |
 * | public settings    | SETTINGS                  | PUBLIC                 | show, tell how to log in                |
 * | common passwords   | COMMON_PASSWORDS          | <start of their hash>  | refuse them                             |
 * | their source       | COMMON_PASSWORD_SOURCE    | LOADED                 | tell whether other ones would be loaded |
 * | content of apps    | CONTENT                   | APP                    | show                                    |
 * | FAQs               | CONTENT                   | FAQS                   | list                                    |
 * | regions in force   | REGIONS                   | IN_FORCE               | find out which version answers          |
 * | version of regions | REGIONS                   | VERSION#<version>      | delete what was replaced                |
 * | region             | REGIONS#<version>         | REGION#<code>          | tell what another file would change     |
 * | cell of the map    | REGIONS#<version>         | CELL#<path>            | find the region of a point              |
 * | public keys        | PUBLIC_KEYS               | PUBLISHED              | verify tokens                           |
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
export const walletKey = (customerId: number): Key => ({ pk: customerPartition(customerId), sk: 'WALLET' });
export const entryKey = (customerId: number, { createdAtMs, id }: { createdAtMs: number; id: number }): Key => ({
  pk: customerPartition(customerId),
  sk: `${entryPrefix}${inOrder(createdAtMs, 15)}-${id}`,
});
export const hashKey = (idempotencyKey: string) => hash(idempotencyKey);
export const walletClaimKey = (keyHash: string): Key => ({ pk: `WALLET_KEY#${keyHash}`, sk: 'CLAIM' });
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

/** Where a notification is in its inbox: after how many clearings, then in the order of time. */
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
export const unprovenPhoneKey = (phone: string): Key => ({ pk: phoneClaimKey(phone).pk, sk: 'SIGN_UPS' });
export const emailClaimKey = (email: string): Key => ({ pk: `EMAIL#${email}`, sk: 'CLAIM' });
export const lostEmailKey = (email: string): Key => ({ pk: emailClaimKey(email).pk, sk: 'LOST' });
/**
 * Limits outlive the customer by a day, so the phone they hold for does not stand in them in plain.
 */
export const otpKey = (phone: string): Key => ({ pk: `OTP#${hash(phone)}`, sk: 'OTP' });
export const phoneNetworkKey = (phone: string, network: string): Key => ({
  pk: otpKey(phone).pk,
  sk: `NETWORK#${network}`,
});
/** By phone, because a customer who deletes the account and signs up again would start at zero. */
export const phoneNoticesKey = (phone: string): Key => ({ pk: otpKey(phone).pk, sk: 'NOTICES' });
export const phoneAttemptsKey = (phone: string, date: string): Key => ({
  pk: otpKey(phone).pk,
  sk: `ATTEMPTS#${date}`,
});
export const pushTokenClaimKey = (registrationId: string): Key => ({
  pk: `PUSH_TOKEN#${hash(registrationId)}`,
  sk: 'CLAIM',
});
export const endpointKey = (registrationId: string): Key => ({
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

export const clientSendsKey = (network: string): Key => ({ pk: `CLIENT#${network}`, sk: 'SENDS' });
export const clientCallsKey = (network: string, what: string): Key => ({ pk: clientSendsKey(network).pk, sk: what });
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

export const countriesPartition = 'COUNTRIES';
export const countryKey = (code: string): Key => ({ pk: countriesPartition, sk: code });

export const publicSettingsKey: Key = { pk: 'SETTINGS', sk: 'PUBLIC' };
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

/** With zeros before it, so that sort keys are in the order of their numbers. */
function inOrder(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}

/**
 * Push tokens may have 4,096 characters, an operator's key may have any, and ours hold 1,024 bytes.
 */
function hash(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}
