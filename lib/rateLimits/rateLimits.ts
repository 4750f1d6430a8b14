import * as z from 'zod';
import { daySeconds, hourSeconds, nowSeconds, secondsToMidnight } from '../clock.ts';
import { mostCounted } from '../config/config.ts';
import { fail } from '../errors.ts';
import { clientCallsKey, type Key } from '../table/keys.ts';
import { readAll, write } from '../table/table.ts';
import { toSite } from './clientNetwork.ts';
import { allowAll, countAll, SlidingWindow, uncountAll, valuesOf, waitForAll } from './slidingWindow.ts';

/**
 * Result of a limit: the event was counted and can be undone, or the client has to wait.
 * `isUncounted`: a window that only checks, and does not count the event, rejected it.
 */
export type RateLimitResult =
  | { done: true; undo: () => Promise<unknown> }
  | { done: false; waitSeconds: number; isUncounted?: boolean };

/** Counts an event in all limits, or in none if one of them is exceeded. */
export async function countInAll(counting: readonly Promise<RateLimitResult>[]): Promise<RateLimitResult> {
  const counts = await Promise.all(counting);
  const undo = () => Promise.all(counts.map((count) => count.done && count.undo()));
  const waits = counts.flatMap((count) => (count.done ? [] : [count.waitSeconds]));
  if (waits.length === 0) return { done: true, undo };
  await undo();
  return { done: false, waitSeconds: Math.max(...waits) };
}

/** Returns the seconds until a client network may make another call of one kind. Counts nothing. */
export async function readCallWait(network: string, kind: string, perHour: number): Promise<number> {
  const [now, site] = [nowSeconds(), toSite(network)];
  const limits = [
    { client: network, perHour, isBucket: perHour > mostCounted },
    ...(site ? [{ client: site, perHour: perHour * networksPerSite, isBucket: true }] : []),
  ].map((limit) => {
    const key = clientCallsKey(limit.client, kind);
    const { key: bucket, endsInSeconds } = hourBucket(key, now);
    return { ...limit, key: limit.isBucket ? bucket : key, endsInSeconds };
  });
  const items = await readAll(limits.map(({ key }) => ({ key, as: z.record(z.string(), z.unknown()) })));
  const waits = limits.map(({ perHour: limit, isBucket, endsInSeconds }, index) => {
    const item = items[index];
    if (isBucket) return Number(item?.sends ?? 0) < limit ? 0 : endsInSeconds;
    return waitForAll([callWindow(limit)], item, now);
  });
  return Math.max(...waits);
}

/**
 * Counts a call of one kind by a client network.
 * @throws limitExceeded when it has none left this hour
 */
export async function limitCalls(network: string, kind: string, perHour: number): Promise<void> {
  const counted = await countCall(network, kind, perHour);
  if (!counted.done) fail('limitExceeded', { retryAfterSeconds: counted.waitSeconds });
}

/** @throws limitExceeded when the bucket is full */
export async function limitInBucket(key: Key, perHour: number): Promise<void> {
  const counted = await countInBucket(key, perHour, nowSeconds());
  if (!counted.done) fail('limitExceeded', { retryAfterSeconds: counted.waitSeconds });
}

/** Returns the item that counts an event in this hour of the clock. */
export function hourBucket({ pk, sk }: Key, now: number) {
  const hour = Math.floor(now / hourSeconds);
  return { key: { pk, sk: `${sk}#${hour}` }, endsInSeconds: hourSeconds - (now % hourSeconds) };
}

/**
 * Limit of an IPv6 site, as a multiple of the limit of one network. A site has up to 65,536
 * networks, but uses few.
 */
const networksPerSite = 16;

/** Counts a call of one kind by a client network, and by its IPv6 site. */
export async function countCall(network: string, kind: string, perHour: number): Promise<RateLimitResult> {
  const [now, site] = [nowSeconds(), toSite(network)];
  const counts = await Promise.all([
    countForHour(clientCallsKey(network, kind), perHour, now),
    ...(site ? [countInBucket(clientCallsKey(site, kind), perHour * networksPerSite, now)] : []),
  ]);
  const undo = () => Promise.all(counts.map((count) => count.done && count.undo()));
  if (counts.every(({ done }) => done)) return { done: true, undo };
  await undo();
  return { done: false, waitSeconds: Math.max(...counts.map((count) => (count.done ? 0 : count.waitSeconds))) };
}

/**
 * Counts a small limit in a sliding window. A limit too large for one item counts in a bucket for
 * each hour of the clock.
 */
function countForHour(key: Key, perHour: number, now: number): Promise<RateLimitResult> {
  if (perHour > mostCounted) return countInBucket(key, perHour, now);
  return countInWindows(key, [callWindow(perHour)], hourSeconds, now);
}

const callWindow = (perHour: number) => new SlidingWindow('sent', [{ events: perHour, perSeconds: hourSeconds }]);

export async function countInBucket(key: Key, perHour: number, now: number): Promise<RateLimitResult> {
  const { key: bucket, endsInSeconds } = hourBucket(key, now);
  const { done } = await countUpTo(perHour, bucket, now + endsInSeconds);
  return done ? { done, undo: () => uncount(bucket) } : { done, waitSeconds: endsInSeconds };
}

/**
 * Counts an event in sliding windows that share one item.
 * @param uncounted other windows of the item, which must allow an event but do not count this one
 */
export async function countInWindows(
  key: Key,
  windows: readonly SlidingWindow[],
  lifeSeconds: number,
  now: number,
  uncounted: readonly SlidingWindow[] = [],
): Promise<RateLimitResult> {
  const values = valuesOf(windows, now);
  const { done, old } = await write({
    kind: 'update',
    key,
    expression: `SET #expiresAtSeconds = :expiry, ${countAll(windows)}`,
    condition: allowAll([...windows, ...uncounted]),
    values: { ':expiry': now + lifeSeconds, ...valuesOf([...windows, ...uncounted], now) },
  });
  if (!done) {
    const uncountedWait = waitForAll(uncounted, old, now);
    return {
      done,
      waitSeconds: Math.max(uncountedWait, waitForAll(windows, old, now)),
      isUncounted: uncountedWait > 0,
    };
  }
  const undo = () => write({ kind: 'update', key, expression: `SET ${uncountAll(windows)}`, values });
  return { done, undo };
}

/**
 * Counts an event in the bucket of a day. It is a plain update outside of transactions, because
 * DynamoDB then takes about 1,000 writes a second to one item.
 */
export async function countInDay(key: Key, cap: number, now: number): Promise<RateLimitResult> {
  const { done } = await countUpTo(cap, key, now + 2 * daySeconds);
  return done ? { done, undo: () => uncount(key) } : { done, waitSeconds: secondsToMidnight(now) };
}

function countUpTo(cap: number, key: Key, expiresAtSeconds: number) {
  return write({
    kind: 'update',
    key,
    expression: 'SET #expiresAtSeconds = :expiry ADD #sends :one',
    condition: 'attribute_not_exists(#sends) OR #sends < :cap',
    values: { ':expiry': expiresAtSeconds, ':one': 1, ':cap': cap },
  });
}

function uncount(key: Key): Promise<unknown> {
  return write({ kind: 'update', key, expression: 'ADD #sends :minusOne', values: { ':minusOne': -1 } });
}
