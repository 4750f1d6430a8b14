import { readService } from '../lib/openapi/routes.ts';
import { budgets } from './budgets.ts';
import { fixedMonthlyCost } from './fixedCost.ts';
import prices from './prices.json' with { type: 'json' };
import type { Report } from './report.ts';

const million = 1_000_000;
const gb = 1024 ** 3;

/** The requests of one active user per month. */
const profile: Readonly<Record<string, number>> = {
  authSendOtp: 1,
  'customersAuthenticate (new)': 0.1,
  'customersAuthenticate (returning)': 0.9,
  authRefresh: 30,
  customersGet: 30,
  notificationsUnreadCount: 30,
  notificationsList: 10,
  notificationsRead: 5,
  walletGet: 5,
  addressesList: 5,
  addressesCreate: 0.3,
  customersUpdate: 0.2,
  devicesCreate: 10,
  appInfo: 30,
  countriesList: 2,
  regionsFindByPoint: 2,
};
const pushesPerUser = 8;
/**
 * The request units of a notification and its push: four transactional writes, and the record of
 * the push.
 */
const unitsPerPush = { read: 8, write: 12 };
/** The worker's time per push. It gets up to ten at a time. */
const pushSeconds = 0.1;

/**
 * The parts of a request's billed time. `npm run bench:memory` measures up to 11 ms of computing on
 * a whole processor. A table call takes about 5 ms, and an SMS 100 ms. One request in a hundred
 * starts a function, and takes half a second more.
 */
const [computingMs, waitingMs, smsMs, startShare, startMs] = [11, 5, 100, 0.01, 500];
const wholeProcessorMb = 1_769;
const logBytesPerRequest = 1_000;
const responseBytes = 1_500;
/** X-Ray's default sampling: five requests in a hundred. */
const tracedShare = 0.05;
/** Includes the notifications of ninety days. */
const bytesPerUser = 20_000;

interface Cost {
  /** API Gateway and its outgoing data, and the web ACL. */
  gateway: number;
  lambda: number;
  dynamoDb: number;
  watching: number;
}

function costOf(operation: string): Cost {
  const budget = budgets[operation];
  if (!budget) throw new Error(`There is no operation ${operation}.`);
  const [depth, readUnits, writeUnits, snsCalls] = budget;
  const memoryMb = Number(readService().functions[operation.split(' ')[0] ?? '']?.memorySize ?? 512);
  const computing = (computingMs * wholeProcessorMb) / memoryMb;
  const seconds = (computing + depth * waitingMs + snsCalls * smsMs + startShare * startMs) / 1_000;
  return {
    gateway:
      (prices.apiGatewayPerMillionRequests + prices.wafPerMillionRequests) / million +
      (responseBytes / gb) * prices.dataOutPerGb,
    lambda: prices.lambdaPerMillionRequests / million + seconds * (memoryMb / 1_024) * prices.lambdaArmPerGbSecond,
    dynamoDb:
      (readUnits * prices.dynamoDbPerMillionReadUnits + writeUnits * prices.dynamoDbPerMillionWriteUnits) / million,
    watching: (logBytesPerRequest / gb) * prices.logsPerGb + (tracedShare * prices.xrayPerMillionTraces) / million,
  };
}

const sum = (costs: readonly Cost[]): Cost => ({
  gateway: costs.reduce((total, { gateway }) => total + gateway, 0),
  lambda: costs.reduce((total, { lambda }) => total + lambda, 0),
  dynamoDb: costs.reduce((total, { dynamoDb }) => total + dynamoDb, 0),
  watching: costs.reduce((total, { watching }) => total + watching, 0),
});

function times({ gateway, lambda, dynamoDb, watching }: Cost, count: number): Cost {
  return { gateway: gateway * count, lambda: lambda * count, dynamoDb: dynamoDb * count, watching: watching * count };
}

const totalOf = ({ gateway, lambda, dynamoDb, watching }: Cost): number => gateway + lambda + dynamoDb + watching;

/** Returns the dollars per month, without SMS. */
function monthOf(users: number, standing: number) {
  const requests = times(
    sum(Object.entries(profile).map(([operation, count]) => times(costOf(operation), count))),
    users,
  );
  const storage = ((users * bytesPerUser) / gb) * (prices.dynamoDbPerGbMonth + prices.dynamoDbBackupPerGbMonth);
  const pushUnits =
    unitsPerPush.read * prices.dynamoDbPerMillionReadUnits + unitsPerPush.write * prices.dynamoDbPerMillionWriteUnits;
  const worker = pushSeconds * (512 / 1_024) * prices.lambdaArmPerGbSecond * million + prices.lambdaPerMillionRequests;
  const pushes = (users * pushesPerUser * (prices.snsPerMillionPushes + pushUnits + worker)) / million;
  return {
    ...requests,
    storage,
    pushes,
    standing,
    total: totalOf(requests) + storage + pushes + standing,
  };
}

function cognitoEssentials(users: number): number {
  const { freeUsers, perUser } = prices.cognitoEssentials;
  return Math.max(0, users - freeUsers) * perUser;
}

export async function cost(): Promise<Report> {
  const login = sum(['authSendOtp', 'customersAuthenticate (returning)'].map(costOf));
  const read = costOf('customersGet');
  const sizes = [10_000, 100_000, million];
  const row = (title: string, one: Cost) => [
    title,
    ...[one.gateway, one.lambda, one.dynamoDb, one.watching, totalOf(one)].map((price) => price * million),
  ];
  const requestsPerUser = Object.values(profile).reduce((total, count) => total + count, 0);
  const standing = await fixedMonthlyCost();
  const months = sizes.map((users) => monthOf(users, standing));
  const dollars = (pick: (month: (typeof months)[number]) => number) => months.map(pick);
  return {
    title: 'Cost',
    notes: [
      `Computed from the budgets of calls and capacity, by AWS's list prices of ${prices.asOf} in ${prices.region}. The prices and their sources are in \`bench/prices.json\`, without free allowances except Cognito’s, which never ends. A web ACL is part of a production stage. SMS are left out, because their price depends on the country. Images with their CDN and requests to KMS are left out too.`,
      `An active user makes ${requestsPerUser.toFixed(0)} requests a month (one login by SMS, thirty opens of the app with a refresh, the profile and the number of unread notifications each, and so on) and gets ${pushesPerUser} pushes; the profile stands in \`bench/cost.ts\`.`,
      'Beside it Cognito, which has phones, codes and tokens alone: no profile beyond attributes, addresses, wallet, inbox or pushes. Essentials is its tier with codes by SMS instead of passwords; its first 10,000 users are free.',
    ],
    tables: [
      {
        caption: 'Dollars for a million',
        columns: ['', 'API Gateway, web ACL', 'Lambda', 'DynamoDB', 'logs and traces', 'together'],
        rows: [
          row('logins (a code and its entry)', login),
          row('authenticated reads', read),
          row('refreshes', costOf('authRefresh')),
        ],
      },
      {
        caption: 'Dollars a month by active users',
        columns: ['', ...sizes.map((size) => size.toLocaleString('en-US'))],
        rows: [
          ['API Gateway, web ACL', ...dollars(({ gateway }) => gateway)],
          ['Lambda', ...dollars(({ lambda }) => lambda)],
          ['DynamoDB, requests', ...dollars(({ dynamoDb }) => dynamoDb)],
          ['DynamoDB, storage and backup', ...dollars(({ storage }) => storage)],
          ['pushes', ...dollars(({ pushes }) => pushes)],
          ['logs and traces', ...dollars(({ watching }) => watching)],
          ['web ACL, alarms, metrics, dashboard, key', ...dollars((month) => month.standing)],
          ['**together**', ...dollars(({ total }) => total)],
          [
            'the logins and refreshes of it',
            ...sizes.map(
              (size) => totalOf(login) * size + totalOf(costOf('authRefresh')) * size * (profile.authRefresh ?? 0),
            ),
          ],
          ['Cognito Essentials', ...sizes.map(cognitoEssentials)],
        ],
      },
    ],
    charts: [
      {
        title: 'Dollars a month by active users, SMS apart',
        kind: 'bar',
        unit: '$',
        categories: sizes.map((size) => size.toLocaleString('en-US')),
        series: [
          { name: 'this backend', values: dollars(({ total }) => Math.round(total)) },
          { name: 'Cognito Essentials', values: sizes.map((size) => Math.round(cognitoEssentials(size))) },
        ],
      },
    ],
  };
}
