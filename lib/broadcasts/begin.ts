import { createHash } from 'node:crypto';
import pMap from 'p-map';
import { nowMs, nowSeconds } from '../clock.ts';
import { config } from '../config/config.ts';
import { fail } from '../errors.ts';
import * as broadcasts from './broadcastRepository.ts';
import { enqueue } from './queue.ts';

/** What an operator wants said, and to whom. */
export interface BroadcastRequest
  extends Pick<broadcasts.Broadcast, 'idempotencyKey' | 'type' | 'title' | 'body' | 'data'> {
  audience: broadcasts.Audience;
  /** How long the notifications stay; as configured without it. */
  ttlSeconds: number | undefined;
}

const idsPerPart = 500;
/** A broadcast outlives its notifications by this, so that its progress can be asked for, and its key is known. */
const memorySeconds = 30 * 86_400;
const atOnce = 10;

/**
 * Begins a broadcast, or takes up one that was begun: its parts are put into the queue, but for those that are done. It may be
 * asked for any number of times and whatever failed before.
 * @throws idempotencyKeyReused for a key that stands for something else
 */
export async function startBroadcast(wanted: BroadcastRequest): Promise<broadcasts.Broadcast> {
  const { audience, ttlSeconds = config.notificationSeconds, ...content } = wanted;
  const contentHash = createHash('sha256')
    .update(JSON.stringify([audience, wanted.ttlSeconds, { ...content, data: Object.entries(content.data).sort() }]))
    .digest('hex');
  const endsAtSeconds = nowSeconds() + ttlSeconds;
  const expiresAtSeconds = endsAtSeconds + memorySeconds;
  const created = { ...content, contentHash, createdAtMs: nowMs(), endsAtSeconds, expiresAtSeconds };
  const broadcast = await broadcasts.begin(created);
  if (broadcast.contentHash !== contentHash) fail('idempotencyKeyReused');

  const { idempotencyKey } = broadcast;
  const known = await broadcasts.listParts(idempotencyKey);
  const audiences = inParts(audience, known[0]?.of ?? config.broadcastSegments);
  const missing = audiences.flatMap((share, number) =>
    known.some((part) => part.number === number) ? [] : [newPart(share, number, audiences.length, broadcast)],
  );
  await pMap(missing, (part) => broadcasts.addPart(idempotencyKey, part), { concurrency: atOnce });
  const left = [...known, ...missing].filter(({ isDone }) => !isDone);
  await enqueue(left.map(({ number }) => ({ idempotency_key: idempotencyKey, part: number })));
  return broadcast;
}

/** Some ids each, or a segment of the table each. */
function inParts(audience: broadcasts.Audience, segments: number): broadcasts.Audience[] {
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
