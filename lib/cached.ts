import { isFresh, nowSeconds } from './clock.ts';
import { config } from './config.ts';

export interface Cached<T> {
  /** The value, at most {@link config.seedCacheSeconds} old. */
  (): Promise<T>;
  /** The value as it is now, for whoever has seen that the kept one is out of date. */
  anew: () => Promise<T>;
  /** The value as it was read last, however long ago. */
  last: () => Promise<T> | undefined;
}

/** What operators load and every request needs: read once in a while, and shared by the requests of one function. */
export function cached<T>(read: () => Promise<T>): Cached<T> {
  let kept: { value: Promise<T>; readAtSeconds: number } | undefined;
  const anew = () => {
    const reading = { value: read(), readAtSeconds: nowSeconds() };
    kept = reading;
    reading.value.catch(() => {
      if (kept === reading) kept = undefined;
    });
    return reading.value;
  };
  const get = () => (kept && isFresh(kept.readAtSeconds, config.seedCacheSeconds) ? kept.value : anew());
  return Object.assign(get, { anew, last: () => kept?.value });
}
