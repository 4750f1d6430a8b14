import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateQuery, paginateScan } from '@aws-sdk/lib-dynamodb';
import { config } from '../lib/config/config.ts';
import * as customers from '../lib/customers/customerRepository.ts';
import { PhoneClaim } from '../lib/customers/phoneClaims.ts';
import { eraseCustomer, outlivesCustomer } from '../lib/privacy/erasure.ts';
import { emailClaimKey, erasureKey, phoneClaimKey, profileKey, readCustomerId } from '../lib/table/keys.ts';
import { verifyNext } from '../lib/wallet/audit.ts';

const { Customer } = customers;

/**
 * Reports each claim of a phone or e-mail address in TABLE_NAME that does not match its owner. An
 * unverified phone may lack a claim: a customer of an early build claims it at the next login.
 */
export async function checkClaims(): Promise<string[]> {
  const ownersOf = new Map<string, number>();
  const wantedOf = new Map<string, number>();
  const unverified = { owners: new Map<string, number>(), wanted: new Set<string>() };
  for await (const item of scan()) {
    const { pk, sk } = item;
    if (sk === phoneClaimKey('').sk && /^(PHONE|EMAIL)#/.test(pk)) {
      const { customerId, isVerified } = PhoneClaim.parse(item);
      (isVerified ? ownersOf : unverified.owners).set(pk, customerId);
    }
    if (sk !== profileKey(0).sk) continue;
    const { data: customer } = Customer.safeParse(item);
    if (customer?.phoneNumber) wantedOf.set(phoneClaimKey(customer.phoneNumber).pk, customer.id);
    if (customer?.unprovenPhone) unverified.wanted.add(`${phoneClaimKey(customer.unprovenPhone).pk} ${customer.id}`);
    if (customer?.email) wantedOf.set(emailClaimKey(customer.email).pk, customer.id);
  }
  const kindOf = (pk: string) => (pk.startsWith('PHONE#') ? 'phone' : 'e-mail address');
  return [
    ...Array.from(wantedOf).flatMap(([pk, id]) =>
      ownersOf.get(pk) === id
        ? []
        : [`customer ${id}: the claim of the ${kindOf(pk)} is missing or another customer's`],
    ),
    ...Array.from(ownersOf).flatMap(([pk, id]) =>
      wantedOf.get(pk) === undefined ? [`customer ${id}: a claim of a ${kindOf(pk)} has no owner`] : [],
    ),
    ...Array.from(unverified.owners).flatMap(([pk, id]) =>
      unverified.wanted.has(`${pk} ${id}`) ? [] : [`customer ${id}: a claim of an unverified phone has no owner`],
    ),
  ];
}

/** Reports each problem of each wallet, in the table of TABLE_NAME. */
export async function checkWallets(): Promise<string[]> {
  const problems: string[] = [];
  for (let next: Parameters<typeof verifyNext>[0], isFirst = true; isFirst || next; isFirst = false) {
    const report = await verifyNext(next);
    for (const { customerId, problem } of report.findings) problems.push(`customer ${customerId}: ${problem}`);
    ({ next } = report);
  }
  return problems;
}

interface Replay {
  /** Ids of customers who were erased once more. */
  erased: number[];
  /** Ids of customers who are missing in the live table without a trace of an erasure. */
  unexplained: number[];
}

/**
 * Erases from the table of TABLE_NAME the customers who have been erased from the live table. An
 * erasure leaves nothing but a wallet and its entries; until it is finished, there is its mark.
 */
export async function replayErasures(liveTable: string): Promise<Replay> {
  const replay: Replay = { erased: [], unexplained: [] };
  for await (const item of scan()) {
    if (item.sk !== profileKey(0).sk) continue;
    const id = readCustomerId(item.pk);
    const sks = await readSortKeys(liveTable, item.pk);
    if (sks.includes(item.sk)) continue;
    if (!isErased(sks)) {
      replay.unexplained.push(id);
      continue;
    }
    await customers.remove(Customer.parse(item));
    replay.erased.push(id);
  }
  // Removal marks the customer, and so did an erasure that was under way at the time of the backup.
  for await (const { pk, sk } of scan()) if (sk === erasureKey(0).sk) await eraseCustomer(readCustomerId(pk));
  return replay;
}

function isErased(sks: string[]): boolean {
  return sks.includes(erasureKey(0).sk) || (sks.length > 0 && sks.every(outlivesCustomer));
}

interface StoredItem extends Record<string, unknown> {
  pk: string;
  sk: string;
}

const connect = () => DynamoDBDocumentClient.from(new DynamoDBClient({}));

async function* scan(): AsyncGenerator<StoredItem> {
  const pages = paginateScan({ client: connect() }, { TableName: config.tableName, ConsistentRead: true });
  for await (const { Items = [] } of pages) yield* Items as StoredItem[];
}

async function readSortKeys(TableName: string, pk: string): Promise<string[]> {
  const query = {
    TableName,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk },
    ProjectionExpression: 'sk',
    ConsistentRead: true,
  };
  const sks: string[] = [];
  for await (const { Items = [] } of paginateQuery({ client: connect() }, query)) {
    sks.push(...Items.map(({ sk }) => String(sk)));
  }
  return sks;
}
