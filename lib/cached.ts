import { isFresh, nowSeconds } from './clock.ts';
import { config } from './config/config.ts';

/**
 * Keeps the result of a read for {@link config.secretsCacheSeconds}. Parallel callers share one
 * read. While reads fail, the last value goes on serving.
 * @param read is told whether there is a last value
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
  /** The value, at most {@link config.seedCacheSeconds} old. */
  (): Promise<T>;
  /** The value as it is now, for whoever has seen that the kept one is out of date. */
  refresh: () => Promise<T>;
  /** The value as it was read last, however long ago. */
  last: () => Promise<T> | undefined;
}

/** What operators load and every request needs: read once in a while, and shared by the requests of one function. */
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
