import { createHash } from 'node:crypto';
import pMap from 'p-map';
import { nowMs, nowSeconds } from '../clock.ts';
import { Customer } from '../customers/customerRepository.ts';
import * as notifications from '../notifications/notificationRepository.ts';
import { profileKey } from '../table/keys.ts';
import { readAll } from '../table/table.ts';
import * as broadcasts from './broadcastRepository.ts';
import { scanCustomers } from './scanCustomers.ts';

const atOnce = 10;
const idsPerStep = 50;

/**
 * Puts a broadcast into the inboxes of a part of its customers. Each step is recorded, so a
 * repeated run continues after the last one, and no customer gets the broadcast twice. Returns
 * whether the part is done. It stops early when time is up.
 */
export async function sendPart(
  { idempotencyKey, number }: { idempotencyKey: string; number: number },
  hasTime: () => boolean,
): Promise<boolean> {
  const broadcast = await broadcasts.find(idempotencyKey);
  let part = await broadcasts.findPart(idempotencyKey, number);
  while (broadcast && part && !part.isDone) {
    const { customers, ...place } = broadcast.endsAtSeconds > nowSeconds() ? await nextCustomers(part) : emptyStep;
    const results = await pMap(customers, (customer) => send(broadcast, customer), { concurrency: atOnce });
    const recipients = results.filter(Boolean).length;
    part = await broadcasts.advance(idempotencyKey, part, { ...place, recipients });
    if (!hasTime()) break;
  }
  if (part && !part.isDone) return false;
  if (broadcast && broadcasts.areDone(await broadcasts.listParts(idempotencyKey)))
    await broadcasts.deleteTexts(broadcast);
  return true;
}

/** The step of an expired broadcast: it sends nothing and ends the part. */
const emptyStep = { customers: [], after: null, idsDone: 0, unknown: 0, isDone: true };

async function nextCustomers(
  part: broadcasts.Part,
): Promise<Omit<broadcasts.Step, 'recipients'> & { customers: Customer[] }> {
  const { audience, number, of, after, idsDone } = part;
  if (!('customerIds' in audience)) {
    const { customers, next } = await scanCustomers(audience, { segment: number, of, after: after ?? undefined });
    return { customers, after: next ?? null, idsDone, unknown: 0, isDone: !next };
  }
  const ids = audience.customerIds.slice(idsDone, idsDone + idsPerStep);
  const found = await readAll(ids.map((id) => ({ key: profileKey(id), as: Customer })));
  const customers = found.flatMap((customer) => customer ?? []);
  const done = idsDone + ids.length;
  const isDone = done >= audience.customerIds.length;
  return { customers, after: null, idsDone: done, unknown: ids.length - customers.length, isDone };
}

function send({ idempotencyKey, title, body, type, data, endsAtSeconds }: broadcasts.Broadcast, customer: Customer) {
  return notifications.add(customer, {
    id: idFor(idempotencyKey, customer.id),
    type,
    title: title[customer.language],
    body: body[customer.language],
    data,
    createdAtMs: nowMs(),
    expiresAtSeconds: endsAtSeconds,
  });
}

/**
 * Returns the id of a notification, which is the same each time for one customer and one broadcast.
 * So a second one is recognized.
 */
function idFor(idempotencyKey: string, customerId: number): number {
  const digest = createHash('sha256').update(`${customerId} ${idempotencyKey}`).digest();
  return Number(digest.readBigUInt64BE() & BigInt(Number.MAX_SAFE_INTEGER)) || 1;
}
