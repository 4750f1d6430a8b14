import * as z from 'zod';
import { nowSeconds, secondsToMidnight, utcDate } from '../clock.ts';
import { config } from '../config.ts';
import { fail } from '../errors.ts';
import { clientCallsKey, clientSendsKey, countrySendsKey, type Key, stageSendsKey } from './keys.ts';
import { SlidingWindow } from './slidingWindow.ts';
import { readAll, write } from './table.ts';

const hourSeconds = 3_600;
const daySeconds = 86_400;

/** One limit's answer: a send was counted and can be taken back, or it has to wait. */
export type Counted = { done: true; undo: () => Promise<unknown> } | { done: false; waitSeconds: number };

/** Counts a send by a client network (see `clientNetwork`) if it has sends left this hour. */
export function countForClient(network: string, now: number): Promise<Counted> {
  return countForHour(clientSendsKey(network), config.otpSendsPerAddressPerHour, now);
}

/**
 * Counts a call of one kind by a client network.
 * @throws throttled when it has none left this hour
 */
export async function limitCalls(network: string, what: string, perHour: number): Promise<void> {
  const counted = await countForHour(clientCallsKey(network, what), perHour, nowSeconds());
  if (!counted.done) fail('throttled', { retryAfterSeconds: counted.waitSeconds });
}

const refusalsKey = (network: string) => (hour: number) => clientCallsKey(network, `REFUSALS#${hour}`);

/**
 * Makes sure that a client network has not heard as often as it may, this hour, that something is taken. It is asked before anybody
 * looks, so that such a one learns nothing more, whatever it wants.
 * @throws throttled
 */
export async function expectRefusalsLeft(network: string): Promise<void> {
  const { hour, endsInSeconds } = hourNow();
  const [counted] = await readAll([{ key: refusalsKey(network)(hour), as: z.object({ sends: z.int() }) }]);
  const isLeft = (counted?.sends ?? 0) < config.refusalsPerAddressPerHour;
  if (!isLeft) fail('throttled', { retryAfterSeconds: endsInSeconds });
}

/**
 * Counts that a client network hears that something is taken.
 * @throws throttled when it has heard so as often as it may
 */
export function limitRefusals(network: string): Promise<void> {
  return limitByHour(refusalsKey(network), config.refusalsPerAddressPerHour);
}

/**
 * Counts in an item for each hour of the clock.
 * @throws throttled when it has counted as many as may be
 */
export async function limitByHour(keyOf: (hour: number) => Key, perHour: number): Promise<void> {
  const { now, hour, endsInSeconds } = hourNow();
  const { done } = await countUpTo(perHour, keyOf(hour), now + endsInSeconds);
  if (!done) fail('throttled', { retryAfterSeconds: endsInSeconds });
}

function hourNow() {
  const now = nowSeconds();
  return { now, hour: Math.floor(now / hourSeconds), endsInSeconds: hourSeconds - (now % hourSeconds) };
}

async function countForHour(key: Key, events: number, now: number): Promise<Counted> {
  const window = new SlidingWindow('sent', [{ events, perSeconds: hourSeconds }]);
  const { done, old } = await write({
    kind: 'update',
    key,
    expression: `SET #expiresAtSeconds = :expiry, ${window.count}`,
    condition: window.allows,
    values: { ':expiry': now + hourSeconds, ...window.values(now) },
  });
  if (!done) return { done, waitSeconds: window.wait(window.read(old), now) };
  const undo = () => write({ kind: 'update', key, expression: `SET ${window.uncount}`, values: window.values(now) });
  return { done, undo };
}

export function countForCountry(country: string, now: number): Promise<Counted> {
  return countForDay(countrySendsKey(country, utcDate(now)), config.otpSendsPerCountryPerDay, now);
}

export function countForStage(now: number): Promise<Counted> {
  return countForDay(stageSendsKey(utcDate(now)), config.otpSendsPerStagePerDay, now);
}

/** A plain counter, and no part of a transaction: DynamoDB adds to one item about a thousand times a second that way. */
async function countForDay(key: Key, cap: number, now: number): Promise<Counted> {
  const { done } = await countUpTo(cap, key, now + 2 * daySeconds);
  if (!done) return { done, waitSeconds: secondsToMidnight(now) };
  const undo = () => write({ kind: 'update', key, expression: 'ADD #sends :minusOne', values: { ':minusOne': -1 } });
  return { done, undo };
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
