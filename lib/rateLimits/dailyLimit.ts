import { daySeconds, nowSeconds } from '../clock.ts';
import type { Item, Write } from '../table/expressions.ts';
import { customerLimitKey } from '../table/keys.ts';
import { SlidingWindow } from './slidingWindow.ts';

/** A limit of a customer's changes of one kind, in any 24 hours. */
export class DailyLimit {
  readonly #kind: string;
  readonly #name: string;
  readonly #readPerDay: () => number;

  /** @param readPerDay is read when it is used, because it is a setting */
  constructor(kind: string, name: string, readPerDay: () => number) {
    this.#kind = kind;
    this.#name = name;
    this.#readPerDay = readPerDay;
  }

  /** Transaction write: count a change, if the customer has changes left. */
  countWrite(customerId: number): Write & { kind: 'update' } {
    const [window, now] = [this.#window(), nowSeconds()];
    return {
      kind: 'update',
      key: customerLimitKey(customerId, this.#kind),
      expression: `SET #expiresAtSeconds = :expiry, ${window.count}`,
      condition: window.allows,
      values: { ':expiry': now + daySeconds, ...window.values(now) },
    };
  }

  /** Returns the seconds until the next change, from the item that rejected this one. */
  waitSeconds(item: Item | undefined): number {
    const [window, now] = [this.#window(), nowSeconds()];
    return Math.max(1, window.wait(window.read(item), now));
  }

  #window(): SlidingWindow {
    return new SlidingWindow(this.#name, [{ events: this.#readPerDay(), perSeconds: daySeconds }]);
  }
}
