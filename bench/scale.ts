import { randomUUID } from 'node:crypto';
import { BatchWriteItemCommand, DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import pMap from 'p-map';
import { config } from '../lib/config/config.ts';
import { newId } from '../lib/table/ids.ts';
import { customerPartition, phoneClaimKey } from '../lib/table/keys.ts';
import { readRaw } from '../lib/table/table.ts';
import { notifyOf } from '../lib/testing/stage/notifications.ts';
import { adjustWallet } from '../lib/testing/stage/wallet.ts';
import type { Sandbox } from '../local/sandbox/server.ts';
import { call, codeRequest, newPhone, otpFor, signIn, signInWith } from './customer.ts';
import { recordTable } from './recorder.ts';
import { median, type Report } from './report.ts';
import { startStage } from './stage.ts';

const sizes = [1_000, 10_000, 100_000, 1_000_000];
const inboxes = [10, 1_000, 100_000];
const attempts = 100;

type Item = Record<string, unknown>;
/** The medians and the request units of each operation, one for each size. */
type Results = Map<string, { ms: number; readUnits: number; writeUnits: number }[]>;

export async function scale(): Promise<Report> {
  const { sandbox, stop } = await startStage();
  const client = new DynamoDBClient({});
  const bySize: Results = new Map();
  const pattern = await customerItems(sandbox);
  await measureCustomers(sandbox, new Map());
  for (const [index, size] of sizes.entries()) {
    await fill(client, size - (sizes[index - 1] ?? 0), () => anotherCustomer(pattern));
    await measureCustomers(sandbox, bySize);
  }
  const byInbox: Results = new Map();
  await measureInbox(client, sandbox, 1, new Map());
  for (const size of inboxes) await measureInbox(client, sandbox, size, byInbox);
  await stop();
  return reportOf(bySize, byInbox);
}

async function customerItems(sandbox: Sandbox): Promise<{ items: Item[]; id: number; phone: string }> {
  const phone = newPhone();
  const { id } = (await signIn(sandbox, phone)).customer;
  const personalItems = (await readRaw(customerPartition(id))).filter(({ sk }) => /^(PROFILE|WALLET|SESSION)/.test(sk));
  const items = [...personalItems, ...(await readRaw(phoneClaimKey(phone).pk))];
  return { items, id, phone };
}

let others = 0;

/** Copies a customer with a new id and an unassigned phone number. */
function anotherCustomer({ items, id, phone }: { items: Item[]; id: number; phone: string }): Item[] {
  others += 1;
  const text = JSON.stringify(items).replaceAll(phone, `+9990${String(others).padStart(8, '0')}`);
  return JSON.parse(text.replaceAll(String(id), String(newId())));
}

async function fill(client: DynamoDBClient, count: number, make: () => Item[]): Promise<void> {
  const [perCall, perRound] = [25, 1_000];
  for (let made = 0; made < count; made += perRound) {
    const items = Array.from({ length: Math.min(perRound, count - made) }, make).flat();
    const requests: WriteRequest[] = items.map((item) => ({ PutRequest: { Item: marshall(item) } }));
    const calls: WriteRequest[][] = [];
    while (requests.length > 0) calls.push(requests.splice(0, perCall));
    const put = (some: WriteRequest[]) =>
      client.send(new BatchWriteItemCommand({ RequestItems: { [config.tableName]: some } }));
    await pMap(calls, put, { concurrency: 8 });
  }
}

async function timed<T>(into: Results, name: string, run: (attempt: number) => Promise<T>): Promise<T[]> {
  const times: number[] = [];
  const responses: T[] = [];
  for (let attempt = 0; attempt < attempts - 1; attempt++) {
    const startedAt = performance.now();
    responses.push(await run(attempt));
    times.push(performance.now() - startedAt);
  }
  // Recording takes time, so the last attempt has units and no time.
  const { calls, stop } = recordTable();
  responses.push(await run(attempts - 1));
  stop();
  const total = (field: 'readUnits' | 'writeUnits') => calls.reduce((sum, each) => sum + each[field], 0);
  const result = { ms: median(times), readUnits: total('readUnits'), writeUnits: total('writeUnits') };
  into.set(name, [...(into.get(name) ?? []), result]);
  return responses;
}

async function measureCustomers(sandbox: Sandbox, into: Results): Promise<void> {
  const phones = Array.from({ length: attempts }, newPhone);
  const phoneOf = (attempt: number) => phones[attempt] ?? '';
  const authenticate = (attempt: number) =>
    call('customersAuthenticate', { body: signInWith(phoneOf(attempt), otpFor(sandbox, phoneOf(attempt))) });
  await timed(into, 'authSendOtp', (attempt) => call('authSendOtp', codeRequest(phoneOf(attempt))));
  await timed(into, 'authenticate (new)', authenticate);
  await pMap(phones, (phone) => call('authSendOtp', codeRequest(phone)), { concurrency: 4 });
  const signedIn = await timed(into, 'authenticate (returning)', authenticate);
  const tokenOf = (attempt: number) => signedIn[attempt]?.access;
  await timed(into, 'customersGet', (attempt) => call('customersGet', { token: tokenOf(attempt) }));
  await timed(into, 'authRefresh', (attempt) => call('authRefresh', { body: { refresh: signedIn[attempt]?.refresh } }));
  const email = () => `${randomUUID()}@example.com`;
  await timed(into, 'customersUpdate', (attempt) =>
    call('customersUpdate', { token: tokenOf(attempt), body: { email: email() } }),
  );
  await timed(into, 'notificationsList', (attempt) => call('notificationsList', { token: tokenOf(attempt) }));
  await timed(into, 'walletGet', (attempt) => call('walletGet', { token: tokenOf(attempt) }));
}

/** Measures one customer with this many notifications and wallet entries. */
async function measureInbox(client: DynamoDBClient, sandbox: Sandbox, size: number, into: Results): Promise<void> {
  const { customer, access: token } = await signIn(sandbox);
  const [first] = [await notifyOf(customer.id), await adjustWallet(customer.id, { amount: '5.00' })];
  const items = await readRaw(customerPartition(customer.id));
  const ofKind = (prefix: string) => items.filter(({ sk }) => sk.startsWith(prefix));
  const pattern = [...ofKind('NOTIFICATION'), ...ofKind('UNREAD'), ...ofKind('ENTRY')];
  const text = JSON.stringify(pattern);
  const [entry] = ofKind('ENTRY#');
  await fill(client, size - 1, () =>
    JSON.parse(
      text
        .replaceAll(String(first), String(newId()))
        .replaceAll(String(entry?.id), String(newId()))
        .replaceAll(String(entry?.keyHash), randomUUID()),
    ),
  );
  const query = { page_size: '20' };
  await timed(into, 'notificationsList', () => call('notificationsList', { token, query }));
  await timed(into, 'notificationsUnreadCount', () => call('notificationsUnreadCount', { token }));
  await timed(into, 'walletGet', () => call('walletGet', { token }));
  await timed(into, 'walletAdjust', () => adjustWallet(customer.id, { amount: '1.00' }));
  await timed(into, 'add a notification', () => notifyOf(customer.id));
  await timed(into, 'notificationsReadAll', () => call('notificationsReadAll', { token }));
  await timed(into, 'notificationsBulkDelete', () => call('notificationsBulkDelete', { token }));
}

function reportOf(bySize: Results, byInbox: Results): Report {
  const rowsOf = (results: Results) =>
    Array.from(results, ([name, all]) => [name, ...all.map(({ ms }) => ms), (all.at(-1)?.ms ?? 0) / (all[0]?.ms ?? 1)]);
  const unitsOf = (results: Results) =>
    Array.from(results, ([name, all]) => [
      name,
      ...all.map(({ readUnits, writeUnits }) => `${readUnits} / ${writeUnits}`),
    ]);
  const toText = (size: number) => size.toLocaleString('en-US');
  return {
    title: 'Scale',
    notes: [
      `Medians of ${attempts} requests, in milliseconds, with so many customers in the table, each with a profile, a phone, a session and a wallet; and for one customer with so many notifications and wallet entries. The engine is the local one: this shows that no operation does more work in a larger table, not what DynamoDB takes for it.`,
      'The local engine takes longer for a write in a large table. Request units are what DynamoDB bills.',
      `Request units grow with the customers in the table in: ${growthOf(bySize)}. They grow with what one customer has in: ${growthOf(byInbox)}.`,
      'The number of unread notifications counts their markers, a tenth of a kilobyte each, up to 1,000. A list reads one page, whatever its length.',
    ],
    tables: [
      {
        caption: 'Customers in the table',
        columns: ['operation', ...sizes.map(toText), 'last / first'],
        rows: rowsOf(bySize),
      },
      {
        caption: 'Read units / write units of one request, by the customers in the table',
        columns: ['operation', ...sizes.map(toText)],
        rows: unitsOf(bySize),
      },
      {
        caption: 'Notifications and wallet entries of one customer',
        columns: ['operation', ...inboxes.map(toText), 'last / first'],
        rows: rowsOf(byInbox),
      },
      {
        caption: 'Read units / write units of one request, by the notifications and wallet entries of the customer',
        columns: ['operation', ...inboxes.map(toText)],
        rows: unitsOf(byInbox),
      },
    ],
    charts: [
      {
        title: 'Median time by the number of customers',
        kind: 'line',
        unit: 'ms',
        categories: sizes.map(toText),
        series: Array.from(bySize, ([name, all]) => ({
          name,
          values: all.map(({ ms }) => Number(ms.toFixed(2))),
        })),
      },
    ],
  };
}

/** Names the operations whose last size needs more request units than the first. */
function growthOf(results: Results): string {
  const growing = Array.from(results, ([name, all]) => {
    const [first = 0, last = 0] = [all[0], all.at(-1)].map((one) => (one ? one.readUnits + one.writeUnits : 0));
    return last > first ? [`${name} (from ${first} to ${last})`] : [];
  }).flat();
  return growing.join(', ') || 'no operation';
}
