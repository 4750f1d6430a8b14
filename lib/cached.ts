import { isFresh, nowSeconds } from './clock.ts';
import { config } from './config/config.ts';

/**
 * Caches a read for {@link config.secretsCacheSeconds}. Parallel callers share one read. While
 * reads fail, the last value still serves.
 * @param read receives whether there is a last value
 */
export function cacheThroughFailures<T>(read: (hasLast: boolean) => Promise<T>): () => Promise<T> {
  let kept: { value: Promise<T>; readAtSeconds: number; isReading: boolean } | undefined;
  return () => {
    const last = kept;
    if (last?.isReading || (last && isFresh(last.readAtSeconds, config.secretsCacheSeconds))) return last.value;
    const reading = { value: read(last !== undefined), readAtSeconds: nowSeconds(), isReading: true };
    kept = reading;
    reading.value = reading.value
      .catch((error) => {
        kept = last && { ...last, readAtSeconds: reading.readAtSeconds };
        if (last) return last.value;
        throw error;
      })
      .finally(() => {
        reading.isReading = false;
      });
    return reading.value;
  };
}

export interface Cached<T> {
  /** Returns a value that is at most {@link config.seedCacheSeconds} old. */
  (): Promise<T>;
  /** Reads the value again, for a caller that found the cached one out of date. */
  refresh: () => Promise<T>;
  /** Returns the cached value, even if it is old. */
  last: () => Promise<T> | undefined;
}

/** Caches data that operators load, for all requests of one function instance. */
export function cached<T>(read: () => Promise<T>): Cached<T> {
  let kept: { value: Promise<T>; readAtSeconds: number } | undefined;
  const refresh = () => {
    const reading = { value: read(), readAtSeconds: nowSeconds() };
    kept = reading;
    reading.value.catch(() => {
      if (kept === reading) kept = undefined;
    });
    return reading.value;
  };
  const get = () => (kept && isFresh(kept.readAtSeconds, config.seedCacheSeconds) ? kept.value : refresh());
  return Object.assign(get, { refresh, last: () => kept?.value });
}
