import { config } from './config/config.ts';

export const hourSeconds = 3_600;
export const daySeconds = 86_400;

/** Returns whole seconds since the epoch. Moving this clock moves every timer and expiry. */
export function nowSeconds(): number {
  return Math.floor(nowMs() / 1000);
}

/** Returns milliseconds since the epoch, for items with an order within a second. */
export function nowMs(): number {
  return Date.now() + 1000 * config.clockOffsetSeconds;
}

/** Returns the UTC date of a time: `2026-11-21`. */
export function utcDate(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

export function secondsToMidnight(seconds: number): number {
  return daySeconds - (seconds % daySeconds);
}

/**
 * Returns whether a value is younger than `forSeconds`. A value from the future, read before the
 * clock was set back, is not.
 */
export function isFresh(readAtSeconds: number, forSeconds: number): boolean {
  const age = nowSeconds() - readAtSeconds;
  return age >= 0 && age < forSeconds;
}

/** Formats a time for the API: `2026-11-21T20:15:00.000Z`. */
export function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
