import { config } from './config/config.ts';

export const hourSeconds = 3_600;
export const daySeconds = 86_400;

/**
 * Whole seconds since the epoch. The one clock of this project: moving it moves every timer and
 * expiry.
 */
export function nowSeconds(): number {
  return Math.floor(nowMs() / 1000);
}

/** The same in milliseconds, for what must be in order within a second. */
export function nowMs(): number {
  return Date.now() + 1000 * config.clockOffsetSeconds;
}

/** The date of a time in UTC: `2026-11-21`. */
export function utcDate(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** Seconds until the next midnight in UTC. */
export function secondsToMidnight(seconds: number): number {
  return 86_400 - (seconds % 86_400);
}

/**
 * Whether something read at a time is still no older than this. What was read in the future, before
 * the clock was set back, is not.
 */
export function isFresh(readAtSeconds: number, forSeconds: number): boolean {
  const age = nowSeconds() - readAtSeconds;
  return age >= 0 && age < forSeconds;
}

/** A time as the API writes it: `2026-11-21T20:15:00.000Z`. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
