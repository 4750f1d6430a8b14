import { createHash } from 'node:crypto';
import pMap from 'p-map';
import { daySeconds, nowMs, nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import { addAuditEntryWrites, type Operator } from '../operators/auditLog.ts';
import type { Write } from '../table/expressions.ts';
import { hashKey } from '../table/keys.ts';
import * as broadcasts from './broadcastRepository.ts';
import { enqueue } from './queue.ts';

export interface BroadcastRequest
  extends Pick<broadcasts.Broadcast, 'idempotencyKey' | 'type' | 'title' | 'body' | 'data'> {
  audience: broadcasts.Audience;
  /** The lifetime of the notifications. Without it the configured one applies. */
  ttlSeconds: number | undefined;
  operator?: Operator;
}

const idsPerPart = 500;
/**
 * A broadcast outlives its notifications by this, so that the operator can read its progress and
 * its key stays reserved.
 */
const memorySeconds = 30 * daySeconds;
const atOnce = 10;

/**
 * Starts a broadcast, or continues one with the same key: it enqueues the parts that are not done.
 * It may be repeated any number of times, after any failure.
 * @throws idempotencyKeyReused for the key of another broadcast
 */
export async function startBroadcast(request: BroadcastRequest): Promise<broadcasts.Broadcast> {
  const { audience, ttlSeconds = config.notificationSeconds, operator = {}, ...content } = request;
  const contentHash = createHash('sha256')
    .update(JSON.stringify([audience, request.ttlSeconds, { ...content, data: Object.entries(content.data).sort() }]))
    .digest('hex');
  const endsAtSeconds = nowSeconds() + ttlSeconds;
  const expiresAtSeconds = endsAtSeconds + memorySeconds;
  const created = { ...content, contentHash, createdAtMs: nowMs(), endsAtSeconds, expiresAtSeconds };
  const broadcast = await broadcasts.begin(created, addBroadcastAuditWrites(created, audience, operator));
  if (broadcast.contentHash !== contentHash) fail('idempotencyKeyReused');

  const { idempotencyKey } = broadcast;
  const existing = await broadcasts.listParts(idempotencyKey);
  const audiences = splitIntoParts(audience, existing[0]?.of ?? config.broadcastSegments);
  const missing = audiences.flatMap((share, number) =>
    existing.some((part) => part.number === number) ? [] : [newPart(share, number, audiences.length, broadcast)],
  );
  await pMap(missing, (part) => broadcasts.addPart(idempotencyKey, part), { concurrency: atOnce });
  const pending = [...existing, ...missing].filter(({ isDone }) => !isDone);
  await enqueue(pending.map(({ number }) => ({ idempotency_key: idempotencyKey, part: number })));
  return broadcast;
}

function addBroadcastAuditWrites(
  { idempotencyKey, type }: broadcasts.Broadcast,
  audience: broadcasts.Audience,
  operator: Operator,
): Write[] {
  const { customerIds: [onlyId, ...others] = [] } = 'customerIds' in audience ? audience : {};
  const { countryCode = null, language = null } = 'customerIds' in audience ? {} : audience;
  const recipients =
    'customerIds' in audience ? { customers: audience.customerIds.length } : { country: countryCode, language };
  return addAuditEntryWrites({
    action: 'notify',
    ...operator,
    customerId: others.length > 0 ? undefined : onlyId,
    details: { idempotency_key_hash: hashKey(idempotencyKey), notification_type: type, ...recipients },
  });
}

/** Splits an audience into parts: each has a few ids, or one segment of the table. */
function splitIntoParts(audience: broadcasts.Audience, segments: number): broadcasts.Audience[] {
  if (!('customerIds' in audience)) return Array.from({ length: segments }, () => audience);
  const { customerIds } = audience;
  return Array.from({ length: Math.ceil(customerIds.length / idsPerPart) }, (_, index) => ({
    customerIds: customerIds.slice(index * idsPerPart, (index + 1) * idsPerPart),
  }));
}

function newPart(
  audience: broadcasts.Audience,
  number: number,
  of: number,
  { expiresAtSeconds }: broadcasts.Broadcast,
): broadcasts.Part {
  const untouched = { after: null, idsDone: 0, step: 0, recipients: 0, unknown: 0, isDone: false };
  return { number, of, audience, ...untouched, expiresAtSeconds };
}
